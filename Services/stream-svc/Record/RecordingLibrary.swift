import Glibc
import Messages

/// The recordings on disk, open or not: listing and removing them.
struct RecordingLibrary: Sendable {
  let root: String
  /// Instances share the folder; each lists what it wrote, so that nothing is listed twice.
  let instance: UInt16

  /// This instance's segments of a session, in the order of device and number.
  func files(of session: SessionID) -> [RecordingFile] {
    let folder = "\(root)/\(session.text)"
    return entries(of: folder).compactMap { DeviceID($0) }.flatMap { device in
      segmentNumbers(in: "\(folder)/\(device.text)").compactMap { file(device, $0, in: folder) }
    }
  }

  /// Removes a session's folder, and says how many files and bytes of recordings that were.
  func remove(_ session: SessionID) -> (files: Int, bytes: Int) {
    let folder = "\(root)/\(session.text)"
    var removed = (files: 0, bytes: 0)
    for device in entries(of: folder) {
      let path = "\(folder)/\(device)"
      for name in entries(of: path) {
        let file = "\(path)/\(name)"
        var facts = stat()
        let isRecording = name.hasSuffix(".mkv") || name.hasSuffix(".orphan")
        if isRecording, stat(file, &facts) == 0, unlink(file) == 0 {
          removed.files += 1
          removed.bytes += Int(facts.st_size)
        } else {
          unlink(file)
        }
      }
      rmdir(path)
    }
    rmdir(folder)
    return removed
  }

  private func file(_ device: DeviceID, _ number: Int, in folder: String) -> RecordingFile? {
    guard let segment = try? SegmentRecovery(number: number, folder: "\(folder)/\(device.text)").read(),
      segment.header.instance == instance, let first = segment.records.first, let last = segment.records.last
    else { return nil }
    return RecordingFile(
      device: device, path: "\(device.text)/\(SegmentPlace.name(number)).mkv", frames: segment.records.count,
      bytes: Int(segment.movieBytes), firstSequence: first.sequence, lastSequence: last.sequence)
  }
}
