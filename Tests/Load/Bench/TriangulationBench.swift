import Foundation
import Reconstruction
import Timing

/// How long one robust triangulation of 33 joints from four cameras takes, on the landmarks of the real footage, wrong
/// ones included. `aniposelib_bench.py` measures the same points.
struct TriangulationBench {
  private struct Reference: Decodable {
    let calibration: String
    /// Camera, frame, landmark, (x, y, visibility).
    let landmarks: [[[[Double]]]]
  }

  private static let reference = "Tests/ReconstructionTests/Reference/footage.json"

  private let triangulator: Triangulator
  /// Per frame, what the cameras saw of each joint.
  private let sets: [[Sightings]]

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    struct Figures: Decodable {
      let plainMicroseconds: Double
      let ransacMicroseconds: Double
    }
    let bench = try TriangulationBench(reference: reference)
    let before = bench.microsecondsPerSet()
    let theirs = try options.oraclePython.map { python in
      try JSONDecoder().decode(Figures.self, from: Tool.run(python, ["Tests/Load/aniposelib_bench.py"]))
    }
    let mine = min(before, bench.microsecondsPerSet())
    let name = "33 joints, 4 cameras → 3D, robust"
    return [
      BenchRow(
        name, mine, "µs", against: theirs.map { ("aniposelib, RANSAC", $0.ransacMicroseconds) },
        target: "≤ 50 µs; aniposelib's 367,000 µs"),
      BenchRow(
        name, mine, "µs", against: theirs.map { ("aniposelib, plain", $0.plainMicroseconds) },
        target: "≤ 50 µs; aniposelib's 2,700 µs"),
    ]
  }

  /// - Parameter path: `footage.json` of the reconstruction's tests.
  init(reference path: String) throws {
    let reference = try JSONDecoder().decode(Reference.self, from: Data(contentsOf: URL(filePath: path)))
    triangulator = Triangulator(cameras: try CalibrationJSON.decode(Array(reference.calibration.utf8)).cameras)
    sets = reference.landmarks[0].indices.map { frame in
      reference.landmarks[0][frame].indices.map { joint in
        var seen = Sightings()
        for camera in reference.landmarks.indices {
          let landmark = reference.landmarks[camera][frame][joint]
          seen[camera] = Sighting(pixel: SIMD2(landmark[0], landmark[1]) - 0.5, confidence: landmark[2])
        }
        return seen
      }
    }
  }

  /// Microseconds for one set, the median of many rounds over all frames.
  func microsecondsPerSet(rounds: Int = 200) -> Double {
    let time = SystemTimeSource()
    var found = 0
    let durations = (0..<rounds).map { _ in
      let start = time.now()
      for set in sets {
        for joint in set where triangulator.triangulate(joint) != nil { found += 1 }
      }
      return Double(time.now() - start) / Double(sets.count)
    }
    // Also keeps the work from being optimised away.
    precondition(found > rounds * sets.count * 30, "joints were not found")
    return durations.sorted()[rounds / 2]
  }
}
