import Glibc
import Messages
import Reconstruction
import Runtime

/// Writes one export from a journal, some poses at a time, so that the loop stays free for what arrives meanwhile.
///
/// The file gets its name when it is complete; abandoned jobs leave nothing behind.
final class ExportJob {
  /// Poses between two turns of the loop: some milliseconds.
  static let posesPerStep = 200

  let name: String
  let times: PoseTimes
  private(set) var bytes = 0
  private(set) var poses = 0

  private let finalPath: String
  private let temporaryPath: String
  private let source: OwnedDescriptor
  private let target: OwnedDescriptor
  private var reader: JournalReader<Pose3D>
  private var writer: any PoseWriter
  private var text = TextBuffer()
  private let limit: Int
  private var isComplete = false

  /// - Parameters:
  ///   - journal: path of the poses' journal.
  ///   - end: how many bytes of it hold whole records.
  init(journal: String, end: Int, folder: String, name: String, take: TakeDescription, format: ExportFormat)
    throws(SystemError)
  {
    self.name = name
    finalPath = "\(folder)/\(name)"
    temporaryPath = "\(folder)/.writing-\(name)"
    let (sourcePath, targetPath) = (journal, temporaryPath)
    source = OwnedDescriptor(try systemCall("open", on: sourcePath) { open(sourcePath, O_RDONLY | O_CLOEXEC) })
    target = OwnedDescriptor(
      try systemCall("open", on: targetPath) { open(targetPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640) })
    reader = JournalReader(descriptor: source.number, path: sourcePath, limit: end)
    writer = format.writer(take)
    limit = take.poses
    times = take.times
    writer.begin(&text)
  }

  deinit { if !isComplete { unlink(temporaryPath) } }

  /// Goes on by one step. True when the file is complete.
  func step() throws(SystemError) -> Bool {
    for _ in 0..<Self.posesPerStep {
      // What the header promised is what is written; poses that came since wait for the next export.
      guard poses < limit, let pose = try reader.next() else { return try finish() }
      writer.write(pose, &text)
      poses += 1
    }
    try flush()
    return false
  }

  private func finish() throws(SystemError) -> Bool {
    writer.end(&text)
    try flush()
    let (from, to) = (temporaryPath, finalPath)
    try systemCall("rename", on: to) { rename(from, to) }
    isComplete = true
    return true
  }

  private func flush() throws(SystemError) {
    var rest = text.bytes[...]
    while !rest.isEmpty {
      rest = rest.dropFirst(
        try systemCall("write", on: temporaryPath) {
          rest.withUnsafeBytes { write(target.number, $0.baseAddress, $0.count) }
        })
    }
    bytes += text.bytes.count
    text.removeAll()
  }
}
