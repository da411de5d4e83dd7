import Crypto
import Glibc
import Runtime
import TestFolders
import Testing

@testable import ApiFront

/// The operator's own certificate, renewed by whatever the operator has for that.
@Suite final class CertificateWatchTests {
  private let folder = TemporaryFolder()
  private let paths: (certificate: String, key: String)
  private let lines = Lines()
  private var loads = 0
  private var canLoad = true
  private let watch: CertificateWatch

  init() throws {
    paths = (folder.file("fullchain.pem"), folder.file("privkey.pem"))
    try Self.write(try Self.pair(), to: paths)
    watch = CertificateWatch(paths, log: Log(name: "test", level: .info) { [lines] in lines.add($0) })
  }

  private static func pair() throws -> CertificateAuthority.Identity {
    try CertificateAuthority.makeRoot(commonName: "rig.example", days: 90)
  }

  private static func write(_ pair: CertificateAuthority.Identity, to paths: (certificate: String, key: String)) throws
  {
    try TextFile.writePrivate(pair.certificate, to: paths.certificate)
    try TextFile.writePrivate(pair.privateKey, to: paths.key)
  }

  private func check(_ times: Int = 1) {
    for _ in 0..<times {
      watch.check {
        loads += 1
        return canLoad
      }
    }
  }

  @Test func aNewPairIsServedOnce() throws {
    check(2)
    #expect(loads == 0)
    try Self.write(try Self.pair(), to: paths)
    check(3)
    #expect(loads == 1)
    #expect(lines.all == ["<6>test certificate_reloaded path=\(paths.certificate)\n"])
  }

  @Test func halfAPairIsWaitedFor() throws {
    let new = try Self.pair()
    try TextFile.writePrivate(new.certificate, to: paths.certificate)
    check(3)
    #expect(loads == 0 && lines.all.count == 1)
    #expect(lines.all[0].contains("<3>test certificate_not_reloaded"))
    try TextFile.writePrivate(new.privateKey, to: paths.key)
    check(2)
    #expect(loads == 1 && lines.all.count == 2)
  }

  @Test func whatIsNoCertificateOrGoneIsNotLoaded() throws {
    for change in [{ try TextFile.writePrivate("rubbish", to: $0) }, { unlink($0) }] as [(String) throws -> Void] {
      try change(paths.certificate)
      check(2)
    }
    #expect(loads == 0 && lines.all.count == 2)
    #expect(lines.all.allSatisfy { $0.contains("certificate_not_reloaded") && !$0.contains("PRIVATE") })
    try Self.write(try Self.pair(), to: paths)
    check()
    #expect(loads == 1)
  }

  @Test func aLoadThatFailsIsTriedAgain() throws {
    canLoad = false
    try Self.write(try Self.pair(), to: paths)
    check(2)
    #expect(loads == 2 && lines.all.count == 1)
    canLoad = true
    check(2)
    #expect(loads == 3 && lines.all.last?.contains("certificate_reloaded") == true)
  }
}
