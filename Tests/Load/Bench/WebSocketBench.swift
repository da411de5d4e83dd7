import Foundation

/// Frames through the WebSocket path of the real services: in, recorded, acknowledged.
///
/// The services, the generator and the disk share the machine's processors; 2D poses are off. The generator's part is
/// shown, so that it can be told what a machine of its own would give.
enum WebSocketBench {
  private struct Run: Decodable {
    let framesPerSecond: Double
    let ackMsP50: Double
    let ackMsP99: Double
    let generatorCpuSeconds: Double
    let cores: Double?
  }

  private struct Figures: Decodable {
    let before: Run
    let after: Run
    let rig: Run
    let many: Run
    let half: Run
    let memoryBytes: Double
  }

  private static let reference = "Python websockets, bytes to files only"

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    guard let python = options.toolsPython else { return [] }
    let footage = try FootageFrames(footage: options.footage, camera: PoseBench.camera, quality: 20)
    let generator = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().path + "/axolotl-load"
    let picture = footage.folder.path + "/001.jpg"
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let output = try Tool.run(python, ["Tests/Load/websocket_bench.py", generator, picture])
    let figures = try decoder.decode(Figures.self, from: output)
    let other = max(figures.before.framesPerSecond, figures.after.framesPerSecond)
    let otherWait = min(figures.before.ackMsP99, figures.after.ackMsP99)
    return [
      BenchRow(
        "frames in → acknowledged, WebSocket, 400 phones × 40 kB", figures.many.framesPerSecond, "frames/s",
        against: (reference, other), target: "≥ 12,000/s"),
      BenchRow("  the same", figures.many.framesPerSecond * 0.04, "MB/s"),
      BenchRow("  until acknowledged, median, saturated", figures.many.ackMsP50, "ms"),
      BenchRow(
        "  until acknowledged, 99th percentile, saturated", figures.many.ackMsP99, "ms", against: (reference, otherWait)
      ),
      BenchRow(
        "  processor time of the generator beside it", figures.many.generatorCpuSeconds / 6 * 100, "% of a core"),
      BenchRow("400 phones × 15 fps", figures.half.framesPerSecond, "frames/s"),
      BenchRow("400 phones × 15 fps: 99th percentile", figures.half.ackMsP99, "ms", target: "< 50 ms, at 30 fps"),
      BenchRow("4 phones × 30 fps: until acknowledged, median", figures.rig.ackMsP50, "ms"),
      BenchRow("4 phones × 30 fps: 99th percentile", figures.rig.ackMsP99, "ms", target: "< 50 ms"),
      BenchRow("4 phones × 30 fps: all services", (figures.rig.cores ?? 0) * 100, "% of a core"),
      BenchRow(
        "memory at rest, six processes, models not loaded", figures.memoryBytes / 1e6, "MB", target: "< 100 MB"),
    ]
  }
}
