import Crypto

/// What stands beside the QR for a phone that cannot scan: eight characters to read out and to type.
///
/// 40 random bits in Crockford's base 32, which has no I, L, O or U: what looks alike is read alike. Whoever types it may
/// use small letters and may leave out or add dashes and spaces.
struct PairingCode: Hashable {
  static let length = 8
  /// 5 bits a character.
  private static let randomBytes = length * 5 / 8
  private static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
  /// Longer than anybody types, dashes and spaces included.
  private static let maximumTypedBytes = 64

  /// Characters of the alphabet.
  let characters: [UInt8]

  init(random: any RandomSource) throws(CryptoError) {
    let bits = try random.bytes(Self.randomBytes).reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    characters = (0..<Self.length).map { Self.alphabet[Int(bits >> UInt64(5 * (Self.length - 1 - $0)) & 31)] }
  }

  /// nil for what cannot be a code, whoever made it.
  init?(typed text: String) {
    guard text.utf8.count <= Self.maximumTypedBytes else { return nil }
    var characters: [UInt8] = []
    for scalar in text.unicodeScalars where !Self.separators.contains(scalar) {
      guard let character = Self.canonical(scalar) else { return nil }
      characters.append(character)
    }
    guard characters.count == Self.length else { return nil }
    self.characters = characters
  }

  /// As it is shown: `7Q4K-M2XD`.
  var grouped: String {
    let half = Self.length / 2
    return String(decoding: characters[..<half] + [UInt8(ascii: "-")] + characters[half...], as: UTF8.self)
  }

  /// Keyboards turn a dash into one of its longer relatives.
  private static let separators: Set<Unicode.Scalar> = [
    " ", "\t", "\r", "\n", "\u{A0}", "\u{202F}", "-", "_", ".", "\u{2010}", "\u{2011}", "\u{2012}", "\u{2013}",
    "\u{2014}", "\u{2212}",
  ]

  private static func canonical(_ scalar: Unicode.Scalar) -> UInt8? {
    guard scalar.isASCII else { return nil }
    let byte = UInt8(ascii: scalar)
    let capital = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) ? byte - 32 : byte
    switch capital {
    case UInt8(ascii: "I"), UInt8(ascii: "L"): return UInt8(ascii: "1")
    case UInt8(ascii: "O"): return UInt8(ascii: "0")
    default: return alphabet.contains(capital) ? capital : nil
    }
  }
}
