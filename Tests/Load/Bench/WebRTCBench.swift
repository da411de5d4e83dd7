import Foundation

/// Frames over WebRTC: Chromium with four phones in one page, the real stream-svc, and an aiortc server in its place.
///
/// Chromium, the services and the disk share the machine's processors; 2D poses are off.
enum WebRTCBench {
  private struct Run: Decodable {
    let framesPerSecond: Double
    let framesResent: Double
    let ackMsP50: Double
    let ackMsP99: Double
    /// Of the process that receives.
    let cores: Double
  }

  private struct Server: Decodable {
    /// Four phones × 30 fps.
    let rig: Run
    /// Four phones as fast as it goes.
    let full: Run
  }

  private struct Figures: Decodable {
    let axolotl: Server
    let reference: Server
  }

  private static let reference = "aiortc, fragments counted only"
  private static let frameMegabytes = 0.04

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    guard let python = options.toolsPython else { return [] }
    let footage = try FootageFrames(footage: options.footage, camera: PoseBench.camera, quality: 20)
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let output = try Tool.run(python, ["Tests/Load/webrtc_bench.py", footage.folder.path + "/001.jpg"])
    let figures = try decoder.decode(Figures.self, from: output)
    let (mine, other) = (figures.axolotl, figures.reference)
    func row(_ name: String, _ unit: String, target: String? = nil, _ figure: (Server) -> Double) -> BenchRow {
      BenchRow(name, figure(mine), unit, against: (reference, figure(other)), target: target)
    }
    return [
      row("WebRTC, 4 phones × 30 fps × 40 kB: acknowledged", "frames/s") { $0.rig.framesPerSecond },
      row("  until acknowledged, median", "ms") { $0.rig.ackMsP50 },
      row("  99th percentile", "ms") { $0.rig.ackMsP99 },
      row("  the receiving process", "% of a core", target: "< 15 %") { $0.rig.cores * 100 },
      row("WebRTC, 4 phones, as fast as it goes", "MB/s") { $0.full.framesPerSecond * frameMegabytes },
      row("  for each core of the receiving process", "MB/s", target: "≥ 40 MB/s") {
        $0.full.framesPerSecond * frameMegabytes / $0.full.cores
      },
      row("  frames that were lost on the way and sent again", "frames") { $0.full.framesResent },
    ]
  }
}
