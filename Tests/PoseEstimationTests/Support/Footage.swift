import Foundation
import PoseEstimation

/// What these tests need from `make setup`: the pose models and the footage.
enum Footage {
  struct Missing: Error, CustomStringConvertible {
    let description: String
  }

  static let repository = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
  static let reference = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Reference")

  /// The models are compiled once for all tests.
  static let models: Result<PoseModels, PoseError> = Result { () throws(PoseError) in
    try PoseModels(directory: repository.appendingPathComponent(".deps/models").path, workers: 2)
  }

  static func engine() throws -> PoseEngine { try PoseEngine(models: models.get()) }

  /// All frames of a camera as 720×1280 JPEGs, in order.
  static func frames(_ camera: String) throws -> [[UInt8]] {
    let video = repository.appendingPathComponent(".deps/footage/\(camera).mp4")
    guard FileManager.default.isReadableFile(atPath: video.path) else {
      throw Missing(description: "\(video.path) is missing: run `make setup`, which fetches the footage")
    }
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("axolotl-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let script = Process()
    script.executableURL = reference.appendingPathComponent("extract_frames.sh")
    script.arguments = [video.path, folder.path]
    try script.run()
    script.waitUntilExit()
    guard script.terminationStatus == 0 else {
      throw Missing(description: "ffmpeg could not cut \(video.path) into frames; is the package ffmpeg installed?")
    }
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
  }
}
