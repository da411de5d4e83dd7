import Glibc

/// Names one run of the machine. `SessionTime` counts from its start, so times of different boots do not compare.
public struct BootID: Hashable, Sendable {
  public let high: UInt64
  public let low: UInt64

  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// Reads 32 hexadecimal digits, dashes aside: the form of `/proc/sys/kernel/random/boot_id`.
  public init?(hexadecimal text: String) {
    let digits = text.filter { $0 != "-" }
    guard digits.count == 32, let high = UInt64(digits.prefix(16), radix: 16),
      let low = UInt64(digits.suffix(16), radix: 16)
    else { return nil }
    self.init(high: high, low: low)
  }

  /// This machine's, or nil where the kernel does not tell.
  public static func current() -> BootID? {
    guard let file = fopen("/proc/sys/kernel/random/boot_id", "r") else { return nil }
    defer { fclose(file) }
    var buffer = [UInt8](repeating: 0, count: 64)
    let count = fread(&buffer, 1, buffer.count, file)
    let text = String(decoding: buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
    return BootID(hexadecimal: text)
  }
}
