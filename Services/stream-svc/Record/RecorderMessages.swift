import Messages
import Timing

/// The number that the loop gives a camera while it knows it; cheaper to pass around than its names.
typealias CameraNumber = Int

/// What the loop asks of a recorder thread.
enum RecorderCommand: Sendable {
  case open(CameraNumber, SegmentPlace, DeviceKey)
  case frame(CameraNumber, TimedFrame)
  case clock(CameraNumber, ClockSample)
  /// Finish the files and let go of the folder.
  case close(CameraNumber)
  /// Close every camera of the session, then answer `sessionClosed`.
  case closeSession(SessionID, request: Int)
  case list(SessionID, request: Int)
  case read(ReadRecording, request: Int)
  case finalTimes(ReadFinalTimes, request: Int)
  case delete(SessionID, DeletionID, request: Int)
  /// Finish removals that were cut short.
  case tidyRemovals
  /// Ask the file system how much is free.
  case measure
}

/// What a recorder thread tells the loop.
enum RecorderEvent: Sendable {
  case opened(CameraNumber, DeviceFolder.Contents)
  case openFailed(CameraNumber, DeviceFolder.OpenFailure)
  case wrote(CameraNumber, WriteOutcome)
  case closed(CameraNumber)
  case sessionClosed(request: Int)
  case listed(request: Int, [RecordingFile])
  /// nil: there is no such file.
  case read(request: Int, ReadRecording.Reply?)
  case finalTimes(request: Int, ReadFinalTimes.Reply)
  case deleted(request: Int, Result<DeleteRecordings.Reply, ServiceError>)
  case sync(RecordingSyncer.Report)
  /// Bytes free on the recordings' disk; nil when the file system does not say.
  case measured(freeBytes: UInt64?)
}

/// What became of the frames of one flush.
struct WriteOutcome: Sendable {
  let recorded: [TimedFrame]
  /// Sequence numbers that are not on disk; the phone must send them again.
  let failed: [UInt32]
  let failure: DiskFailure?
  /// When both files held the recorded ones.
  let at: SessionTime
  let flushMicroseconds: Int64
}
