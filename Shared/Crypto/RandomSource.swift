import COpenSSL

/// Where names, keys and token ids get their randomness from. Injected, so that a test can repeat itself.
public protocol RandomSource: Sendable {
  func bytes(_ count: Int) throws(CryptoError) -> [UInt8]
}

/// OpenSSL's generator, seeded by the kernel.
public struct SecureRandom: RandomSource {
  public init() {}

  public func bytes(_ count: Int) throws(CryptoError) -> [UInt8] {
    guard count > 0 else { return [] }
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      filled = RAND_bytes(buffer.baseAddress, Int32(count)) == 1 ? count : 0
    }
    guard bytes.count == count else { throw CryptoError(.randomUnavailable) }
    return bytes
  }
}
