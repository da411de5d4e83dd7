import FoundationEssentials
import Glibc
import Messages
import Runtime
import Timing

/// The recordings on disk, open or not: listing and removing them.
struct RecordingLibrary: Sendable {
  let root: String
  /// Instances share the folder; each lists what it wrote, so that nothing is listed twice.
  let instance: UInt16
  let boot: BootID
  /// What removals and corrections meet with on the disk.
  var log: Log?

  /// This instance's segments of a session, in the order of device and number.
  ///
  /// - Parameter makeMissing: called for each folder in which corrected times are missing that can be made, before it is
  ///   looked which there are.
  func files(of session: SessionID, makeMissing: (TimesCorrection) -> Void = { _ in }) -> [RecordingFile] {
    let folder = "\(root)/\(session.text)"
    return entries(of: folder).compactMap { DeviceID($0) }.flatMap { device in
      let correction = TimesCorrection(folder: "\(folder)/\(device.text)", boot: boot)
      let segments = correction.segments().filter { $0.header.instance == instance }
      if segments.contains(where: { $0.header.boot == boot && !correction.isThere($0.number) }) {
        makeMissing(correction)
      }
      return segments.compactMap { file(device, $0, hasTimes: correction.isThere($0.number)) }
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
        defer { withExtendedLifetime(lock) {} }
        do throws(DiskFailure) {
          try correction.makeMissing()
        } catch {
          tell(error, of: correction.folder)
        }
      } else {
        inUse += 1
      }
      FinalDeviceTimes(device: device, times: correction.times).encode(into: &writer)
    }
    return EncodedTimes(bytes: writer.bytes, devicesInUse: inUse)
  }

  /// Removes a session's folder, and says how many files and bytes of recordings this deletion removed in all; an error
  /// where something of it could not be removed.
  func remove(_ session: SessionID, for deletion: DeletionID) -> Result<DeleteRecordings.Reply, ServiceError> {
    do {
      let tally = try removal.remove(session.text, for: deletion)
      return .success(DeleteRecordings.Reply(files: tally.files, bytes: tally.bytes))
    } catch {
      complain(error)
      return .failure(.recordingsStay)
    }
  }

  /// Finishes removals that were cut short and that nobody may ask for any more, and forgets old ones.
  func tidyRemovals() { removal.tidy() }

  private var removal: FolderRemoval {
    FolderRemoval(root: root, counting: { $0.hasSuffix(".mkv") || $0.hasSuffix(".orphan") }, complain: complain)
  }

  private func complain(_ error: SystemError) {
    log?.error("recordings_not_removed", (.error, error.description))
  }

  /// Without corrected times those of the index stand.
  func tell(_ failure: DiskFailure, of folder: String) {
    log?.error("times_not_corrected", (.path, folder), (.error, failure.description))
  }

  private func file(_ device: DeviceID, _ segment: StoredSegment, hasTimes: Bool) -> RecordingFile? {
    guard let first = segment.records.first, let last = segment.records.last else { return nil }
    let base = "\(device.text)/\(SegmentPlace.name(segment.number))"
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
