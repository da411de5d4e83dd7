import COpenSSL

/// HMAC-SHA256 (RFC 2104) under one key, whose schedule is computed once and kept.
///
/// Not thread-safe: it belongs to the executor that made it. The key itself is not kept, only OpenSSL's schedule of it.
public final class HMACSHA256 {
  public static let byteCount = 32

  private let context: OpaquePointer

  public init(key: [UInt8]) throws(CryptoError) {
    // The context holds its own reference to the algorithm.
    guard let algorithm = EVP_MAC_fetch(nil, "HMAC", nil) else { throw CryptoError(.macFailed) }
    defer { EVP_MAC_free(algorithm) }
    guard let context = EVP_MAC_CTX_new(algorithm) else { throw CryptoError(.macFailed) }
    var digest = Array("SHA256".utf8CString)
    let status = digest.withUnsafeMutableBufferPointer { name in
      let parameters = [
        OSSL_PARAM_construct_utf8_string("digest", name.baseAddress, 0), OSSL_PARAM_construct_end(),
      ]
      return EVP_MAC_init(context, key, key.count, parameters)
    }
    guard status == 1 else {
      EVP_MAC_CTX_free(context)
      throw CryptoError(.macFailed)
    }
    self.context = context
  }

  deinit { EVP_MAC_CTX_free(context) }

  /// 32 bytes.
  public func authenticationCode(for message: ArraySlice<UInt8>) throws(CryptoError) -> [UInt8] {
    try message.withUnsafeBytes { authenticate($0) }.get()
  }

  public func authenticationCode(for message: [UInt8]) throws(CryptoError) -> [UInt8] {
    try message.withUnsafeBytes { authenticate($0) }.get()
  }

  /// Compares in constant time.
  public func isValid(_ code: [UInt8], for message: ArraySlice<UInt8>) throws(CryptoError) -> Bool {
    constantTimeEqual(code, try authenticationCode(for: message))
  }

  private func authenticate(_ message: UnsafeRawBufferPointer) -> Result<[UInt8], CryptoError> {
    // A null key starts a new message under the key already set (EVP_MAC(3)).
    guard EVP_MAC_init(context, nil, 0, nil) == 1,
      EVP_MAC_update(context, message.baseAddress?.assumingMemoryBound(to: UInt8.self), message.count) == 1
    else { return .failure(CryptoError(.macFailed)) }
    var written = 0
    let code = [UInt8](unsafeUninitializedCapacity: Self.byteCount) { buffer, count in
      let status = EVP_MAC_final(context, buffer.baseAddress, &written, buffer.count)
      count = status == 1 ? written : 0
    }
    return code.count == Self.byteCount ? .success(code) : .failure(CryptoError(.macFailed))
  }
}
