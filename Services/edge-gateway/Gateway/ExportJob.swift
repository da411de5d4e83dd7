import Glibc
import Messages
import Reconstruction
import Runtime

/// Writes one export from a journal, some rows at a time, so that the loop stays free for what arrives meanwhile. The journal is
/// read twice: a TRC's header says how many rows follow.
///
/// The file gets its name when it is complete; abandoned jobs leave nothing behind.
final class ExportJob {
  /// Rows written between two turns of the loop, and poses counted: some milliseconds.
  static let rowsPerStep = 200
  static let posesCountedPerStep = 1000

  let name: String
  let times: PoseTimes
  private(set) var bytes = 0
  private(set) var poses = 0

  private let finalPath: String
  private let temporaryPath: String
  private let source: OwnedDescriptor
  private let target: OwnedDescriptor
  private var reader: JournalReader<Pose3D>
  private let end: Int
  private let format: ExportFormat
  private var take: TakeDescription
  private var plan: RowPlan
  private var counted = 0
  private var rows: ExportRows
  /// Nil while rows are counted.
  private var writer: (any PoseWriter)?
  private var text = TextBuffer()
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
    self.end = end
    self.format = format
    self.take = take
    times = take.times
    plan = RowPlan(ratePerSecond: take.ratePerSecond)
    rows = ExportRows(ratePerSecond: take.ratePerSecond)
  }

  deinit { if !isComplete { unlink(temporaryPath) } }

  /// Goes on by one step. True when the file is complete.
  func step() throws(SystemError) -> Bool {
    guard writer != nil else {
      try count()
      return false
    }
    for _ in 0..<Self.rowsPerStep {
      if let row = rows.next() {
        writer?.write(row, &text)
        continue
      }
      // What the header promised is what is written; poses that came since wait for the next export.
      guard poses < take.poses, let pose = try reader.next() else { return try finish() }
      rows.add(pose)
      poses += 1
    }
    try flush()
    return false
  }

  private func count() throws(SystemError) {
    for _ in 0..<Self.posesCountedPerStep {
      guard counted < take.poses, let pose = try reader.next() else { return begin() }
      _ = plan.place(pose.time)
      counted += 1
    }
  }

  private func begin() {
    take.rows = plan.rows
    reader = JournalReader(descriptor: source.number, path: reader.path, limit: end)
    writer = format.writer(take)
    writer?.begin(&text)
  }

  private func finish() throws(SystemError) -> Bool {
    writer?.end(&text)
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
