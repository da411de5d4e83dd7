import Crypto
import Glibc
import Runtime

/// The certificate of a server without one: made on the first start, signed by an authority made at the same time.
///
/// A phone that has been given the authority once (`/axolotl-ca.crt`) trusts this server for good; the server's own
/// certificate is renewed when the machine's addresses change or it nears its end (`CertificateRenewal`).
struct LocalCertificate {
  /// Devices refuse certificates that live longer (Apple: 825 days for those of private authorities).
  static let days = 397
  static let rootDays = 3650
  private static let renewal = 30 * 86_400

  let directory: String
  /// As in OpenSSL's configuration: `DNS:localhost`, `IP:127.0.0.1`.
  var names: [String]

  var authorityPath: String { "\(directory)/ca.pem" }
  private var authorityKeyPath: String { "\(directory)/ca-key.pem" }
  var certificatePath: String { "\(directory)/server.pem" }
  var keyPath: String { "\(directory)/server-key.pem" }

  /// The files to serve with, made or renewed if need be.
  func prepare() throws -> (certificate: String, key: String) {
    try makeDirectories(directory, mode: 0o700)
    _ = try authority()
    try renew()
    return (certificatePath, keyPath)
  }

  /// Makes a new certificate if the one there is does not have all names, or nears its end. Whether it did.
  @discardableResult
  func renew() throws -> Bool {
    guard !isCurrent() else { return false }
    let root = try authority()
    let server = try CertificateAuthority.issueServer(
      commonName: "Axolotl", alternativeNames: names, days: Self.days, root: root)
    try TextFile.writePrivate(server.privateKey, to: keyPath)
    try TextFile.writePrivate(server.certificate, to: certificatePath)
    return true
  }

  private func authority() throws -> CertificateAuthority.Identity {
    do throws(SystemError) {
      return CertificateAuthority.Identity(
        certificate: try TextFile.read(authorityPath, limit: 1 << 16),
        privateKey: try TextFile.read(authorityKeyPath, limit: 1 << 16))
    } catch {
      // A disk that hiccups must not cost the authority that phones were told to trust.
      guard error.errno == ENOENT else { throw error }
    }
    let made = try CertificateAuthority.makeRoot(commonName: "Axolotl of \(Self.hostName)", days: Self.rootDays)
    try TextFile.writePrivate(made.privateKey, to: authorityKeyPath)
    try TextFile.writePrivate(made.certificate, to: authorityPath)
    return made
  }

  private func isCurrent() -> Bool {
    // Between the two files' writes a process may have been killed.
    guard let key = try? TextFile.read(keyPath, limit: 1 << 16),
      let text = try? TextFile.read(certificatePath, limit: 1 << 16),
      (try? CertificateAuthority.isPair(certificate: text, privateKey: key)) == true,
      let facts = try? CertificateAuthority.facts(ofPEM: text), facts.secondsLeft > Self.renewal
    else { return false }
    let known = Set(facts.alternativeNames.map { Self.comparable($0) })
    return names.allSatisfy { known.contains(Self.comparable($0)) }
  }

  /// OpenSSL prints `IP Address:FE80:0:0:0:0:0:0:1` for what is written `IP:fe80::1`.
  private static func comparable(_ name: String) -> String {
    let parts = name.split(separator: ":", maxSplits: 1)
    guard parts.count == 2, parts[0] == "IP" || parts[0] == "IP Address", let address = IPAddress(String(parts[1]))
    else { return name }
    return "IP:\(address)"
  }

  static var hostName: String {
    var name = [CChar](repeating: 0, count: 256)
    guard gethostname(&name, 255) == 0 else { return "localhost" }
    let text = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return OriginText.isPlainHost(text) ? text : "localhost"
  }

  /// Every name and address under which phones and coaches may reach this machine.
  static func names(publicURL: String?, lan: [String]) -> [String] {
    var names = ["DNS:localhost", "IP:127.0.0.1", "DNS:\(hostName)"]
    if !hostName.contains("."), hostName != "localhost" { names.append("DNS:\(hostName).local") }
    names += lan.map { "IP:\($0)" }
    if let publicURL, let host = OriginText.host(ofURL: publicURL) {
      if let address = IPAddress(host) {
        names.append("IP:\(address)")
      } else if OriginText.isPlainHost(host) {
        names.append("DNS:\(host)")
      }
    }
    return names.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }
  }
}
