import Crypto
import Glibc
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import ApiFront

/// The certificate of a server without one, at its start and while it runs.
@Suite final class CertificateTests {
  private let folder = TemporaryFolder()
  private let directory: String
  private let time = ManualTimeSource()
  private var lan = ["192.0.2.10"]
  private var loads = 0
  private var canLoad = true

  init() {
    directory = folder.path
  }

  private func read(_ path: String) throws -> String { try TextFile.read(path, limit: 1 << 16) }

  private func names(_ certificate: LocalCertificate) throws -> [String] {
    try CertificateAuthority.facts(ofPEM: try read(certificate.certificatePath)).alternativeNames
  }

  @Test func aLocalCertificateIsRenewedWhenNamesChange() throws {
    func prepare(_ names: [String]) throws -> (server: String, authority: String) {
      let local = LocalCertificate(directory: directory, names: names)
      let paths = try local.prepare()
      return (try read(paths.certificate), try read(local.authorityPath))
    }
    let first = try prepare(["DNS:localhost", "IP:127.0.0.1"])
    let again = try prepare(["IP:127.0.0.1", "DNS:localhost"])
    #expect(first == again)
    let moved = try prepare(["DNS:localhost", "IP:192.168.7.7"])
    #expect(moved.server != first.server)
    #expect(moved.authority == first.authority)
    #expect(moved.server.hasSuffix(moved.authority))
  }

  /// OpenSSL writes such an address in another way than people do: taken for another, it would be renewed each minute.
  @Test func anIPv6AddressOfTheOperatorIsInItAndKnownAgain() throws {
    let names = LocalCertificate.names(publicURL: "https://[2001:db8::7]:8443/x", lan: [])
    let local = LocalCertificate(directory: directory, names: names)
    _ = try local.prepare()
    #expect(try self.names(local).contains("IP Address:2001:DB8:0:0:0:0:0:7"))
    #expect(try !local.renew())
  }

  /// Killed between the writes of the two files, the next start would otherwise serve nothing.
  @Test func aKeyOfAnotherCertificateIsNotKept() throws {
    let local = LocalCertificate(directory: directory, names: ["DNS:localhost"])
    _ = try local.prepare()
    let before = try read(local.certificatePath)
    let other = try CertificateAuthority.makeRoot(commonName: "other", days: 1)
    try TextFile.writePrivate(other.privateKey, to: local.keyPath)
    #expect(try local.renew())
    #expect(try read(local.certificatePath) != before)
    #expect(try !local.renew())
  }

  private func renewal() throws -> (CertificateRenewal, LocalCertificate) {
    let local = LocalCertificate(directory: directory, names: LocalCertificate.names(publicURL: nil, lan: lan))
    _ = try local.prepare()
    let silent = Log(name: "test", level: .error) { _ in }
    let renewal = CertificateRenewal(
      local, publicURL: nil, addresses: { [unowned self] in lan }, time: time, log: silent,
      load: { [unowned self] in
        loads += 1
        return canLoad
      })
    return (renewal, local)
  }

  @Test func anotherAddressIsInTheCertificateAtTheNextLook() throws {
    let (renewal, local) = try renewal()
    let authority = try read(local.authorityPath)
    renewal.check()
    #expect(loads == 0)
    lan = ["198.51.100.4", "192.0.2.10"]
    renewal.check()
    #expect(loads == 1)
    #expect(try names(local).contains("IP Address:198.51.100.4"))
    // The cable is out and in again: what the certificate names it may go on naming.
    let both = try read(local.certificatePath)
    for addresses in [[], ["192.0.2.10"], ["198.51.100.4", "192.0.2.10"]] {
      lan = addresses
      renewal.check()
    }
    #expect(try read(local.certificatePath) == both)
    #expect(try read(local.authorityPath) == authority)
  }

  @Test func oneThatNearsItsEndIsMadeAnew() throws {
    let (renewal, local) = try renewal()
    let root = CertificateAuthority.Identity(
      certificate: try read(local.authorityPath), privateKey: try read("\(directory)/ca-key.pem"))
    let old = try CertificateAuthority.issueServer(
      commonName: "Axolotl", alternativeNames: local.names, days: 29, root: root)
    try TextFile.writePrivate(old.privateKey, to: local.keyPath)
    try TextFile.writePrivate(old.certificate, to: local.certificatePath)
    renewal.check()
    #expect(loads == 0)
    time.advance(by: .seconds(60))
    renewal.check()
    #expect(loads == 1)
    let days = try CertificateAuthority.facts(ofPEM: try read(local.certificatePath)).secondsLeft / 86_400
    #expect(days > 390)
  }

  @Test func whatFailsIsTriedAgain() throws {
    let (renewal, local) = try renewal()
    // The disk is full, say: nothing can be written into what is no folder.
    rename(directory, directory + "-away")
    try TextFile.writePrivate("", to: directory)
    lan = ["198.51.100.4"]
    renewal.check()
    #expect(loads == 0)
    unlink(directory)
    rename(directory + "-away", directory)
    renewal.check()
    #expect(loads == 0)
    canLoad = false
    time.advance(by: .seconds(60))
    renewal.check()
    #expect(loads == 1)
    #expect(try names(local).contains("IP Address:198.51.100.4"))
    canLoad = true
    for _ in 0..<2 {
      time.advance(by: .seconds(60))
      renewal.check()
    }
    // Once a minute also what is served: nobody tells whether the files could be read.
    #expect(loads == 3)
  }
}
