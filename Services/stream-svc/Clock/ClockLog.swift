import Glibc
import Messages
import Timing

/// `clock.bin` in a device's folder: every clock exchange, so that a restarted instance knows the clock at once, and that
/// frames' times can be corrected afterwards with all of them.
///
/// 32 bytes of header (`AXK1`, 12 zero bytes, boot id 16) and then 32-byte samples: t0, t1, t2, t3 as little-endian
/// Int64 µs. A file of another boot is put aside as `clock-<n>.bin`: its times do not compare with ours.
struct ClockLog {
  static let recentLimit = 256
  private static let headerSize = 32

  private let file: LocalFile
  private var end: Int64
  /// The youngest samples found when opening, oldest first.
  let recent: [ClockSample]

  init(path: String, boot: BootID) throws(DiskFailure) {
    let header = Self.header(boot)
    var file = try LocalFile(opening: path, flags: O_RDWR | O_CREAT)
    var size = try file.size()
    if size > 0, try file.read(Self.headerSize, at: 0) != header {
      try Self.putAside(path)
      file = try LocalFile(opening: path, flags: O_RDWR | O_CREAT)
      size = 0
    }
    if size < Self.headerSize {
      try file.write(header, at: 0)
      size = Int64(Self.headerSize)
    }
    let step = Int64(ClockSample.encodedSize)
    let whole = (size - Int64(Self.headerSize)) / step
    end = Int64(Self.headerSize) + whole * step
    let kept = min(whole, Int64(Self.recentLimit))
    recent = Self.samples(try file.read(Int(kept * step), at: end - kept * step))
    self.file = file
  }

  /// Every sample there is, oldest first.
  func all() throws(DiskFailure) -> [ClockSample] {
    Self.samples(try file.read(Int(end) - Self.headerSize, at: Int64(Self.headerSize)))
  }

  private static func samples(_ bytes: [UInt8]) -> [ClockSample] {
    bytes.withUnsafeBytes { all in
      stride(from: 0, to: all.count, by: ClockSample.encodedSize).compactMap { offset in
        try? ClockSample(
          decoding: UnsafeRawBufferPointer(rebasing: all[offset..<(offset + ClockSample.encodedSize)]))
      }
    }
  }

  mutating func append(_ sample: ClockSample) throws(DiskFailure) {
    let bytes = sample.encoded()
    try file.write(bytes, at: end)
    end += Int64(bytes.count)
  }

  private static func header(_ boot: BootID) -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: headerSize)
    writer.magic("AXK1")
    for _ in 0..<3 { writer.integer(UInt32(0)) }
    writer.integer(boot.high)
    writer.integer(boot.low)
    return writer.bytes
  }

  private static func putAside(_ path: String) throws(DiskFailure) {
    let base = path.dropLast(".bin".count)
    for number in 1...9999 where access("\(base)-\(number).bin", F_OK) != 0 {
      try checkDisk("rename") { rename(path, "\(base)-\(number).bin") }
      return
    }
    try checkDisk("unlink") { unlink(path) }
  }
}
