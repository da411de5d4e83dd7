import Foundation

/// Frames of the footage as 720×1280 JPEGs, in a folder that lasts as long as this object.
final class FootageFrames {
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  let folder: URL
  let frames: [[UInt8]]

  /// - Parameter quality: ffmpeg's scale for JPEG: 2 is best, 31 worst.
  init(footage: String, camera: String, quality: Int = 3) throws {
    let video = URL(fileURLWithPath: footage).appendingPathComponent("\(camera).mp4")
    guard FileManager.default.isReadableFile(atPath: video.path) else {
      throw Failure(description: "\(video.path) is missing: run `make setup`, or name the folder with --footage")
    }
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("axolotl-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    do {
      _ = try Tool.run(
        "ffmpeg",
        [
          "-nostdin", "-v", "error", "-i", video.path, "-map", "0:v:0", "-fps_mode", "passthrough", "-vf",
          "scale=720:1280:flags=bicubic", "-pix_fmt", "yuvj420p", "-q:v", "\(quality)", folder.path + "/%03d.jpg",
        ])
      frames = try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
        .sorted { $0.path < $1.path }.map { [UInt8](try Data(contentsOf: $0)) }
    } catch {
      try? FileManager.default.removeItem(at: folder)
      throw error
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }
}
