import COpenSSL
import Glibc

/// Owns one X.509 certificate.
final class Certificate {
  private let handle: OpaquePointer

  /// A certificate still to be signed, valid from an hour ago: clocks of phones are not exact.
  init(subject: String, key: PrivateKey, days: Int) throws(CryptoError) {
    guard let made = X509_new() else { throw CryptoError(.certificateFailed) }
    handle = made
    guard X509_set_version(handle, 2) == 1, X509_gmtime_adj(X509_getm_notBefore(handle), -3600) != nil,
      X509_time_adj_ex(X509_getm_notAfter(handle), Int32(days), 0, nil) != nil, X509_set_pubkey(handle, key.handle) == 1
    else { throw CryptoError(.certificateFailed) }
    try setSerial()
    let name = Array(subject.utf8)
    guard
      X509_NAME_add_entry_by_txt(
        X509_get_subject_name(handle), "CN", MBSTRING_UTF8, name, Int32(name.count), -1, 0) == 1
    else { throw CryptoError(.certificateFailed) }
  }

  init(pem: String) throws(CryptoError) {
    let bio = try MemoryBIO(pem)
    guard let read = PEM_read_bio_X509(bio.handle, nil, nil, nil) else { throw CryptoError(.certificateFailed) }
    handle = read
  }

  deinit { X509_free(handle) }

  /// 127 random bits (RFC 5280, section 4.1.2.2: positive, at most 20 bytes, unique).
  private func setSerial() throws(CryptoError) {
    var bytes = try SecureRandom().bytes(16)
    bytes[0] &= 0x7F
    guard let number = BN_bin2bn(bytes, 16, nil) else { throw CryptoError(.certificateFailed) }
    defer { BN_free(number) }
    guard BN_to_ASN1_INTEGER(number, X509_get_serialNumber(handle)) != nil else {
      throw CryptoError(.certificateFailed)
    }
  }

  func setIssuer(_ issuer: Certificate) throws(CryptoError) {
    guard X509_set_issuer_name(handle, X509_get_subject_name(issuer.handle)) == 1 else {
      throw CryptoError(.certificateFailed)
    }
  }

  func add(_ extensionID: Int32, _ value: String, issuer: Certificate) throws(CryptoError) {
    var context = v3_ext_ctx()
    X509V3_set_ctx(&context, issuer.handle, handle, nil, nil, 0)
    guard let made = X509V3_EXT_conf_nid(nil, &context, extensionID, value) else {
      throw CryptoError(.certificateFailed)
    }
    defer { X509_EXTENSION_free(made) }
    guard X509_add_ext(handle, made, -1) == 1 else { throw CryptoError(.certificateFailed) }
  }

  func sign(with key: PrivateKey) throws(CryptoError) {
    guard X509_sign(handle, key.handle, EVP_sha256()) > 0 else { throw CryptoError(.certificateFailed) }
  }

  func pem() throws(CryptoError) -> String {
    let bio = try MemoryBIO()
    guard PEM_write_bio_X509(bio.handle, handle) == 1 else { throw CryptoError(.certificateFailed) }
    return bio.text
  }

  /// Whether `key` is the one that this certificate is for.
  func isFor(_ key: PrivateKey) -> Bool { X509_check_private_key(handle, key.handle) == 1 }

  func facts() throws(CryptoError) -> CertificateAuthority.Facts {
    var days: Int32 = 0
    var seconds: Int32 = 0
    guard ASN1_TIME_diff(&days, &seconds, nil, X509_get0_notAfter(handle)) == 1 else {
      throw CryptoError(.certificateFailed)
    }
    var names: [String] = []
    let index = X509_get_ext_by_NID(handle, NID_subject_alt_name, -1)
    if index >= 0, let found = X509_get_ext(handle, index) {
      let bio = try MemoryBIO()
      guard X509V3_EXT_print(bio.handle, found, 0, 0) == 1 else { throw CryptoError(.certificateFailed) }
      names = bio.text.split(separator: ",").map { String($0.drop { $0 == " " }) }
    }
    return .init(alternativeNames: names, secondsLeft: Int(days) * 86_400 + Int(seconds))
  }
}
