import COpenSSL

/// Owns one P-256 private key.
final class PrivateKey {
  let handle: OpaquePointer

  init() throws(CryptoError) {
    guard let context = EVP_PKEY_CTX_new_id(EVP_PKEY_EC, nil) else { throw CryptoError(.certificateFailed) }
    defer { EVP_PKEY_CTX_free(context) }
    var key: OpaquePointer?
    guard EVP_PKEY_keygen_init(context) == 1,
      EVP_PKEY_CTX_set_ec_paramgen_curve_nid(context, NID_X9_62_prime256v1) == 1,
      EVP_PKEY_keygen(context, &key) == 1, let key
    else { throw CryptoError(.certificateFailed) }
    handle = key
  }

  init(pem: String) throws(CryptoError) {
    let bio = try MemoryBIO(pem)
    guard let key = PEM_read_bio_PrivateKey(bio.handle, nil, nil, nil) else {
      throw CryptoError(.certificateFailed)
    }
    handle = key
  }

  deinit { EVP_PKEY_free(handle) }

  func pem() throws(CryptoError) -> String {
    let bio = try MemoryBIO()
    guard PEM_write_bio_PrivateKey(bio.handle, handle, nil, nil, 0, nil, nil) == 1 else {
      throw CryptoError(.certificateFailed)
    }
    return bio.text
  }
}

/// Owns one of OpenSSL's memory buffers.
final class MemoryBIO {
  let handle: OpaquePointer

  init(_ text: String = "") throws(CryptoError) {
    guard let bio = BIO_new(BIO_s_mem()) else { throw CryptoError(.certificateFailed) }
    handle = bio
    let bytes = Array(text.utf8)
    guard bytes.isEmpty || BIO_write(bio, bytes, Int32(bytes.count)) == bytes.count else {
      throw CryptoError(.certificateFailed)
    }
  }

  deinit { BIO_free(handle) }

  /// What has been written into it; reading takes it out.
  var text: String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while case let count = BIO_read(handle, &buffer, 4096), count > 0 {
      bytes.append(contentsOf: buffer[..<Int(count)])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
