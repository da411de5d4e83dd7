import COpenSSL

/// A small certificate authority for one server: P-256 keys, certificates as RFC 5280 wants them, all as PEM.
public enum CertificateAuthority {
  /// A certificate and the key that belongs to it, both PEM.
  public struct Identity: Hashable, Sendable {
    public let certificate: String
    public let privateKey: String
    public init(certificate: String, privateKey: String) {
      self.certificate = certificate
      self.privateKey = privateKey
    }
  }

  /// What a certificate says of itself.
  public struct Facts: Hashable, Sendable {
    /// As OpenSSL prints them: `DNS:localhost`, `IP Address:192.168.1.10`.
    public let alternativeNames: [String]
    public let secondsLeft: Int
  }

  /// A new self-signed authority, able to sign end certificates and nothing below.
  public static func makeRoot(commonName: String, days: Int) throws(CryptoError) -> Identity {
    let key = try PrivateKey()
    let certificate = try Certificate(subject: commonName, key: key, days: days)
    try certificate.setIssuer(certificate)
    try certificate.add(NID_basic_constraints, "critical,CA:TRUE,pathlen:0", issuer: certificate)
    try certificate.add(NID_key_usage, "critical,keyCertSign,cRLSign", issuer: certificate)
    try certificate.add(NID_subject_key_identifier, "hash", issuer: certificate)
    try certificate.sign(with: key)
    return Identity(certificate: try certificate.pem(), privateKey: try key.pem())
  }

  /// A server's certificate signed by `root`.
  ///
  /// - Parameter alternativeNames: as in OpenSSL's configuration: `DNS:localhost`, `IP:192.168.1.10`.
  public static func issueServer(
    commonName: String, alternativeNames: [String], days: Int, root: Identity
  ) throws(CryptoError) -> Identity {
    let rootCertificate = try Certificate(pem: root.certificate)
    let rootKey = try PrivateKey(pem: root.privateKey)
    let key = try PrivateKey()
    let certificate = try Certificate(subject: commonName, key: key, days: days)
    try certificate.setIssuer(rootCertificate)
    try certificate.add(NID_basic_constraints, "critical,CA:FALSE", issuer: rootCertificate)
    try certificate.add(NID_key_usage, "critical,digitalSignature", issuer: rootCertificate)
    try certificate.add(NID_ext_key_usage, "serverAuth", issuer: rootCertificate)
    try certificate.add(NID_subject_key_identifier, "hash", issuer: rootCertificate)
    try certificate.add(NID_authority_key_identifier, "keyid", issuer: rootCertificate)
    try certificate.add(NID_subject_alt_name, alternativeNames.joined(separator: ","), issuer: rootCertificate)
    try certificate.sign(with: rootKey)
    return Identity(
      certificate: try certificate.pem() + root.certificate, privateKey: try key.pem())
  }

  /// Whether the two belong together, both as PEM; of a chain, the first certificate counts.
  ///
  /// - Throws: when one of them is none.
  public static func isPair(certificate: String, privateKey: String) throws(CryptoError) -> Bool {
    try Certificate(pem: certificate).isFor(try PrivateKey(pem: privateKey))
  }

  /// - Throws: when the text is not a certificate.
  public static func facts(ofPEM text: String) throws(CryptoError) -> Facts {
    try Certificate(pem: text).facts()
  }
}
