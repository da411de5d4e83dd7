import FoundationEssentials
import Glibc
import Messages
import Timing

/// The recordings on disk, open or not: listing and removing them.
struct RecordingLibrary: Sendable {
  let root: String
  /// Instances share the folder; each lists what it wrote, so that nothing is listed twice.
  let instance: UInt16
  let boot: BootID

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
    guard name.count == 2, ["mkv", "idx", "times"].contains(name[1]), let number = Int(name[0]), number >= 0,
      SegmentPlace.name(number) == name[0]
    else { return nil }
    return path
  }

  /// All devices' corrected times as they are sent.
  struct EncodedTimes: Sendable {
    let bytes: [UInt8]
    let devicesInUse: Int

    func piece(from offset: Int) -> ReadFinalTimes.Reply {
      let piece = bytes.dropFirst(max(0, offset)).prefix(ReadFinalTimes.maximumPiece)
      return ReadFinalTimes.Reply(piece: Data(piece), totalBytes: bytes.count, devicesInUse: devicesInUse)
    }
  }

  /// All devices' corrected times. Those of folders that nobody holds are made if they are missing.
  func finalTimes(of session: SessionID) -> EncodedTimes {
    let folder = "\(root)/\(session.text)"
    var writer = ByteWriter()
    var inUse = 0
    for device in entries(of: folder).compactMap({ DeviceID($0) }) {
      let correction = TimesCorrection(folder: "\(folder)/\(device.text)", boot: boot)
      // Held only as long as it takes; a phone that connects meanwhile is tried again.
      if let lock = try? FolderLock(folder: correction.folder) {
        // Without them the index's times stand.
        withExtendedLifetime(lock) { try? correction.makeMissing() }
      } else {
        inUse += 1
      }
      FinalDeviceTimes(device: device, times: correction.times).encode(into: &writer)
    }
    return EncodedTimes(bytes: writer.bytes, devicesInUse: inUse)
  }

  /// Removes a session's folder, and says how many files and bytes of recordings that were; an error where something of it
  /// could not be removed.
  func remove(_ session: SessionID) -> Result<DeleteRecordings.Reply, ServiceError> {
    let folder = "\(root)/\(session.text)"
    var files = 0
    var bytes = 0
    var isGone = true
    for device in entries(of: folder) {
      let path = "\(folder)/\(device)"
      for name in entries(of: path) {
        let file = "\(path)/\(name)"
        var facts = stat()
        let isRecording = (name.hasSuffix(".mkv") || name.hasSuffix(".orphan")) && stat(file, &facts) == 0
        let result = unlink(file)
        guard Self.isRemoved(result) else {
          isGone = false
          continue
        }
        // All instances are asked, and share the folder: who removed it counts it.
        if isRecording, result == 0 {
          files += 1
          bytes += Int(facts.st_size)
        }
      }
      isGone = Self.isRemovedOrInUse(rmdir(path)) && isGone
    }
    isGone = Self.isRemovedOrInUse(rmdir(folder)) && isGone
    return isGone ? .success(DeleteRecordings.Reply(files: files, bytes: bytes)) : .failure(.recordingsStay)
  }

  private static func isRemoved(_ result: Int32) -> Bool { result == 0 || errno == ENOENT }

  /// What was put into a folder meanwhile is another instance's, which removes it when it is asked.
  private static func isRemovedOrInUse(_ result: Int32) -> Bool { isRemoved(result) || errno == ENOTEMPTY }

  private func file(_ device: DeviceID, _ number: Int, in folder: String) -> RecordingFile? {
    guard let segment = try? SegmentRecovery(number: number, folder: "\(folder)/\(device.text)").read(),
      segment.header.instance == instance, let first = segment.records.first, let last = segment.records.last
    else { return nil }
    let base = "\(device.text)/\(SegmentPlace.name(number))"
    let hasTimes = access("\(folder)/\(base).times", F_OK) == 0
    return RecordingFile(
      device: device, path: base + ".mkv", indexPath: base + ".idx", timesPath: hasTimes ? base + ".times" : nil,
      frames: segment.records.count,
      bytes: Int(segment.movieBytes), firstSequence: first.sequence, lastSequence: last.sequence)
  }
}

extension ServiceError {
  static let recordingsStay = ServiceError(
    code: "recordings_not_removed",
    message: "Recordings could not be removed from the disk. Look at the disk; it is tried again until they are gone.",
    status: 503)
}
