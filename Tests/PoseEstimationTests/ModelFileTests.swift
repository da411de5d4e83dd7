import Foundation
import Testing

@testable import PoseEstimation

/// Missing and damaged model files are named, with what to do about them.
struct ModelFileTests {
  private static let landmarkFile = Footage.repository.appendingPathComponent(".deps/models/pose_landmark_full.tflite")

  @Test func missingModelIsNamed() throws {
    let error = #expect(throws: PoseError.self) { try PoseModels(directory: "/nonexistent") }
    #expect(error == .modelMissing(path: "/nonexistent/pose_detection.tflite"))
    #expect(error?.concernsOneFrame == false)
    #expect(error?.description.contains("make setup") == true)
  }

  @Test func aFileOfAnotherKindIsNamed() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("axolotl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let detector = folder.appendingPathComponent("pose_detection.tflite")
    try Data("no model at all".utf8).write(to: detector)
    let error = #expect(throws: PoseError.self) { try PoseModels(directory: folder.path) }
    guard case .modelUnexpected(detector.path, _) = error else {
      Issue.record("refused as \(String(describing: error))")
      return
    }
  }

  @Test func onlyTheSegmentationIsLeftOut() throws {
    let model = [UInt8](try Data(contentsOf: Self.landmarkFile))
    let pruned = try TFLiteOutputs.removing(valuesPerOutput: PoseModels.segmentationValues, from: model)
    #expect(pruned.count == model.count)
    #expect(zip(pruned, model).count { $0 != $1 } <= 12, "a count and two indices change")
    #expect(throws: TFLiteOutputs.Failure.noSuchOutput(values: PoseModels.segmentationValues)) {
      try TFLiteOutputs.removing(valuesPerOutput: PoseModels.segmentationValues, from: pruned)
    }
  }

  @Test func damagedModelsAreRefused() throws {
    let model = [UInt8](try Data(contentsOf: Self.landmarkFile))
    #expect(throws: TFLiteOutputs.Failure.notTFLite) { try TFLiteOutputs.removing(valuesPerOutput: 1, from: []) }
    #expect(throws: TFLiteOutputs.Failure.notTFLite) {
      try TFLiteOutputs.removing(valuesPerOutput: 1, from: Array(repeating: 0xFF, count: 100))
    }
    #expect(throws: TFLiteOutputs.Failure.self) {
      try TFLiteOutputs.removing(valuesPerOutput: PoseModels.segmentationValues, from: Array(model.prefix(100)))
    }
    // Every byte of the root table's surroundings, set to its extreme: an error or an edit, but no crash.
    for offset in 0..<200 {
      var damaged = model
      damaged[offset] = 0xFF
      _ = try? TFLiteOutputs.removing(valuesPerOutput: PoseModels.segmentationValues, from: damaged)
    }
  }
}
