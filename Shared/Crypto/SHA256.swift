import COpenSSL

/// SHA-256 (FIPS 180-4).
public enum SHA256 {
  public static let byteCount = 32

  public static func digest(of message: [UInt8]) throws(CryptoError) -> [UInt8] {
    var written = 0
    let digest = [UInt8](unsafeUninitializedCapacity: byteCount) { buffer, count in
      let status = EVP_Q_digest(nil, "SHA256", nil, message, message.count, buffer.baseAddress, &written)
      count = status == 1 ? written : 0
    }
    guard digest.count == byteCount else { throw CryptoError(.digestFailed) }
    return digest
  }
}
