/// Text in the making, as UTF-8: numbers as the C locale writes them, whatever the machine's language.
public struct TextBuffer {
  public private(set) var bytes: [UInt8] = []

  public init() {}

  public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  mutating func append(_ byte: Unicode.Scalar) { bytes.append(UInt8(ascii: byte)) }

  mutating func append(_ number: some BinaryInteger) { append(String(number)) }

  /// A number with so many digits after the point, at most nine. Not for NaN or anything beyond ±10⁹, which writes
  /// nothing: an empty field.
  mutating func append(_ number: Double, decimals: Int) {
    guard number.magnitude < 1e9 else { return }
    let scale = Self.powers[decimals]
    let scaled = Int64((number * Double(scale)).rounded())
    if scaled < 0 { append("-") }
    let (whole, part) = scaled.magnitude.quotientAndRemainder(dividingBy: UInt64(scale))
    append(whole)
    guard decimals > 0 else { return }
    append(".")
    let digits = String(part)
    for _ in digits.utf8.count..<decimals { append("0") }
    append(digits)
  }

  private static let powers: [Int64] = [
    1, 10, 100, 1000, 10_000, 100_000, 1_000_000, 10_000_000, 100_000_000, 1_000_000_000,
  ]
}
