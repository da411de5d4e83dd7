import Crypto
import Messages

/// The three parts of a JSON Web Signature in compact form (RFC 7515, section 3.1): decoded, not yet believed.
struct CompactToken {
  static let maximumBytes = 4096

  /// As it was sent, with its dot.
  let encodedHeader: ArraySlice<UInt8>
  /// Decoded, unread until the signature has been checked.
  let payload: [UInt8]
  let signature: [UInt8]
  /// What was signed: header, dot and payload as they were sent.
  let signingInput: ArraySlice<UInt8>

  init(_ text: String) throws(TokenError) {
    guard text.utf8.count <= Self.maximumBytes else { throw .malformed }
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(of: UInt8(ascii: ".")),
      let second = bytes[(first + 1)...].firstIndex(of: UInt8(ascii: ".")),
      !bytes[(second + 1)...].contains(UInt8(ascii: ".")),
      let payload = Base64URL.decode(bytes[(first + 1)..<second]), !payload.isEmpty,
      let signature = Base64URL.decode(bytes[(second + 1)...])
    else { throw .malformed }
    encodedHeader = bytes[...first]
    self.payload = payload
    self.signature = signature
    signingInput = bytes[..<second]
  }

  func header() throws(TokenError) -> FlatJSON {
    guard let bytes = Base64URL.decode(encodedHeader.dropLast()), let header = FlatJSON(bytes) else { throw .malformed }
    return header
  }
}
