import Foundation
import PoseEstimation

/// MediaPipe's own landmarks on one camera's frames, made by `Reference/make_reference.py`.
struct Reference: Decodable {
  let frames: Int
  /// Per frame 33 × (x px, y px, visibility).
  let tracking: [[[Float]]?]
  /// The same with the detector run on every frame, by frame number.
  let `static`: [String: [[Float]]?]
  /// Per frame 33 × (x, y, z) in metres.
  let staticWorld: [String: [[Float]]?]

  static func camera(_ name: String) throws -> Reference {
    let file = Footage.reference.appendingPathComponent("\(name).json")
    return try JSONDecoder().decode(Reference.self, from: Data(contentsOf: file))
  }
}

/// How far two sets of landmarks lie apart, in per cent of the person's height on the picture.
struct Agreement {
  private(set) var percents: [Float] = []

  mutating func add(_ landmarks: [Landmark2D], against reference: [[Float]]) {
    let height = reference.map { $0[1] }.max()! - reference.map { $0[1] }.min()!
    for (landmark, expected) in zip(landmarks, reference) {
      let distance = hypot(landmark.xPx - expected[0], landmark.yPx - expected[1])
      percents.append(100 * distance / height)
    }
  }

  func percentile(_ fraction: Double) -> Float {
    percents.sorted()[Int(Double(percents.count - 1) * fraction)]
  }

  var summary: String {
    "median \(percentile(0.5)) %, p95 \(percentile(0.95)) %, worst \(percentile(1)) % of the person's height"
  }
}
