import COpenSSL

/// HMAC-SHA1 (RFC 2202), for TURN's time-limited credentials alone: coturn asks for it. Nothing of ours is signed with it.
public enum HMACSHA1 {
  /// 20 bytes.
  public static func authenticationCode(for message: [UInt8], key: [UInt8]) throws(CryptoError) -> [UInt8] {
    var code = [UInt8](repeating: 0, count: 20)
    var written: UInt32 = 0
    guard HMAC(EVP_sha1(), key, Int32(key.count), message, message.count, &code, &written) != nil, written == 20 else {
      throw CryptoError(.macFailed)
    }
    return code
  }
}
