import FoundationEssentials
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

  /// A piece of a recording or of its index; nil when there is no such file of this instance's folder.
  func read(_ wanted: ReadRecording) -> ReadRecording.Reply? {
    guard let place = Self.place(wanted.path), wanted.offset >= 0,
      let file = try? LocalFile(opening: "\(root)/\(wanted.session.text)/\(place)", flags: O_RDONLY | O_NOFOLLOW),
      let size = try? file.size(),
      let piece = try? file.read(
        Int(min(Int64(ReadRecording.maximumPiece), max(0, size - Int64(wanted.offset)))), at: Int64(wanted.offset))
    else { return nil }
    return ReadRecording.Reply(piece: Data(piece), fileBytes: Int(size))
  }

  /// The path itself, if it has the form of those that `files` gives or of their index. No other path can be smuggled in.
  private static func place(_ path: String) -> String? {
    let parts = path.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == 2, DeviceID(String(parts[0])) != nil else { return nil }
    let name = parts[1].split(separator: ".", omittingEmptySubsequences: false)
    guard name.count == 2, ["mkv", "idx"].contains(name[1]), let number = Int(name[0]), number >= 0,
      SegmentPlace.name(number) == name[0]
    else { return nil }
    return path
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
