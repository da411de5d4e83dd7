import Crypto
import Glibc
import Messages

/// One HS256 key. Its id is derived from the secret, so that every process and every restart names it alike.
public final class SigningKey {
  /// RFC 7518, section 3.2: at least as long as the hash.
  public static let minimumBytes = 32

  public let id: String
  private let mac: HMACSHA256
  /// The encoded header with its dot, one for each kind: it never changes while the key lives.
  private let headers: [(kind: TokenKind, bytes: [UInt8])]
  /// Under a key of its own, so that a code's digest can never be taken for a signature.
  private let codeMAC: HMACSHA256

  public init(secret: [UInt8]) throws(CryptoError) {
    let mac = try HMACSHA256(key: secret)
    // A code under the key itself tells nothing of it.
    let id = Base64URL.encode(try mac.authenticationCode(for: Array("axolotl key id".utf8)).prefix(9))
    self.mac = mac
    self.id = id
    codeMAC = try HMACSHA256(key: try mac.authenticationCode(for: Array("axolotl pairing code key".utf8)))
    headers = TokenKind.allCases.map { kind in
      let header = "{\"alg\":\"HS256\",\"kid\":\"\(id)\",\"typ\":\"\(kind.rawValue)\"}"
      return (kind, Array((Base64URL.encode(Array(header.utf8)) + ".").utf8))
    }
  }

  /// - Parameter encodedHeader: with its dot.
  func writes(_ encodedHeader: ArraySlice<UInt8>, for kind: TokenKind) -> Bool {
    let header = header(for: kind)
    guard header.count == encodedHeader.count else { return false }
    return encodedHeader.withUnsafeBytes { memcmp($0.baseAddress!, header, header.count) == 0 }
  }

  func sign(kind: TokenKind, payload: [UInt8]) throws(CryptoError) -> String {
    var token = header(for: kind)
    Base64URL.append(payload[...], to: &token)
    let signature = try mac.authenticationCode(for: token)
    token.append(UInt8(ascii: "."))
    Base64URL.append(signature[...], to: &token)
    return String(decoding: token, as: UTF8.self)
  }

  private func header(for kind: TokenKind) -> [UInt8] { headers.first { $0.kind == kind }!.bytes }

  /// What the store keeps of a pairing code: whoever has the store alone cannot try codes against it.
  func digest(of code: PairingCode) throws(CryptoError) -> [UInt8] {
    try codeMAC.authenticationCode(for: code.characters)
  }

  func signed(_ token: CompactToken) throws(CryptoError) -> Bool {
    try mac.isValid(token.signature, for: token.signingInput)
  }
}
