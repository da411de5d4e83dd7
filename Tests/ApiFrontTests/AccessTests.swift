import Glibc
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import ApiFront

@Suite struct AccessTests {
  private let folder = TemporaryFolder()
  private let session = SessionID("s1")!
  private let device = DeviceID("d1")!

  @Test func routesAdmitWhomTheyAreFor() {
    let phone = Caller.phone(DeviceKey(session: session, device: device), tokenExpiresAt: 9)
    #expect(Audience.everyone.admits(.anonymous))
    #expect(Audience.coach.admits(.coach) && !Audience.coach.admits(phone) && !Audience.coach.admits(.anonymous))
    #expect(Audience.phone.admits(phone) && !Audience.phone.admits(.coach))
    #expect(Audience.coachOrPhone.admits(.coach) && Audience.coachOrPhone.admits(phone))
    #expect(!Audience.coachOrPhone.admits(.anonymous))
  }

  @Test func aPhoneSeesItsOwnSessionAlone() {
    let phone = Caller.phone(DeviceKey(session: session, device: device), tokenExpiresAt: 9)
    #expect(phone.maySee(session))
    #expect(!phone.maySee(SessionID("s2")!))
    #expect(Caller.coach.maySee(SessionID("s2")!))
    #expect(!Caller.anonymous.maySee(session))
  }

  @Test func verificationsAreForgottenWithinASecond() {
    let claims = TokenClaims(
      kind: .device, session: session, device: device, mode: .single, issuedAt: 0, expiresAt: 9, jti: "j")
    var cache = VerificationCache()
    let asked = SessionTime(microseconds: 5_000_000)
    cache.remember(claims, of: "t", .device, askedAt: asked)
    #expect(cache.claims(of: "t", .device, at: asked.advanced(by: .milliseconds(799))) == claims)
    #expect(cache.claims(of: "t", .device, at: asked.advanced(by: .milliseconds(800))) == nil)
    #expect(cache.claims(of: "t", .coach, at: asked) == nil)
    cache.forget()
    #expect(cache.claims(of: "t", .device, at: asked) == nil)
  }

  @Test func theCacheIsBounded() {
    let claims = TokenClaims(
      kind: .device, session: nil, device: nil, mode: nil, issuedAt: 0, expiresAt: 9, jti: "j")
    var cache = VerificationCache()
    for number in 0...VerificationCache.capacity { cache.remember(claims, of: "\(number)", .device, askedAt: .zero) }
    #expect(cache.claims(of: "0", .device, at: .zero) == nil)
    #expect(cache.claims(of: "\(VerificationCache.capacity)", .device, at: .zero) == claims)
  }

  @Test func originsOtherThanTheServersOwnAreRefused() {
    func verdict(_ origin: String?, host: String?, isTLS: Bool = false) -> OriginCheck.Verdict {
      let check = OriginCheck(publicURL: "https://rig.example/base", isTLS: isTLS, allowed: ["https://Club.example"])
      var request = HTTPRequest(method: .post, path: "/")
      request.headers.origin = origin
      request.headers.host = host
      return check.verdict(request)
    }
    func admits(_ origin: String?, host: String?) -> Bool { verdict(origin, host: host) == .own }
    #expect(admits(nil, host: "a:1"))
    #expect(admits("http://a:1", host: "a:1"))
    #expect(admits("https://A:1", host: "a:1"))
    #expect(admits("https://rig.example", host: "backend:5050"))
    #expect(!admits("http://evil", host: "a:1"))
    #expect(!admits("http://a:2", host: "a:1"))
    #expect(!admits("null", host: "a:1"))
    #expect(!admits("http://a:1", host: nil))
    #expect(!admits("http://evil/http://a:1", host: "a:1"))
    // Under TLS a page without it is not ours, whatever its host.
    #expect(verdict("https://a:1", host: "a:1", isTLS: true) == .own)
    #expect(verdict("http://a:1", host: "a:1", isTLS: true) == .refused)
    #expect(verdict("http://evil", host: "a:1") == .refused)
    #expect(verdict("https://club.example", host: "a:1") == .allowed(origin: "https://club.example"))
    #expect(verdict("https://club.example.evil", host: "a:1") == .refused)
  }

  @Test func theCoachsCookieIsForHTTPSWhereverThatEnds() {
    func isSecure(isTLS: Bool, _ publicURL: String?) -> Bool {
      let cookie = CoachCookie(isTLS: isTLS, publicURL: publicURL)
      let both = [cookie.setting("t", seconds: 9), cookie.clearing]
      #expect(both.allSatisfy { $0.contains("; HttpOnly; SameSite=Strict") })
      #expect(Set(both.map { $0.hasSuffix("; Secure") }).count == 1)
      return both[0].hasSuffix("; Secure")
    }
    #expect(isSecure(isTLS: true, nil))
    #expect(isSecure(isTLS: true, "http://rig.example"))
    #expect(isSecure(isTLS: false, "https://rig.example/base"))
    #expect(isSecure(isTLS: false, "HTTPS://rig.example"))
    // Over plain HTTP a browser would not keep it.
    #expect(!isSecure(isTLS: false, nil))
    #expect(!isSecure(isTLS: false, "http://rig.example"))
  }

  @Test func theCoachKeyIsMadeOnceAndKeptForItsOwner() throws {
    let directory = folder.path
    _ = try CoachKey.load(configured: nil, stateDirectory: directory)
    let kept = try TextFile.read("\(directory)/coach-key", limit: 100).filter { $0 != "\n" }
    #expect(try CoachKey.load(configured: nil, stateDirectory: directory).matches(kept))
    #expect(kept.utf8.count >= 32)
    var facts = stat()
    #expect(stat("\(directory)/coach-key", &facts) == 0 && facts.st_mode & 0o777 == 0o600)
    #expect(
      try CoachKey.load(configured: "a key of one's own", stateDirectory: directory).matches("a key of one's own"))
    for weak in ["short", String(repeating: "a", count: 40)] {
      #expect(throws: CoachKeyError.self) { try CoachKey.load(configured: weak, stateDirectory: directory) }
    }
  }

  @Test func aKeptCoachKeyOfAFewCharactersStopsTheStart() throws {
    let directory = folder.path
    _ = try KeptSecret.load("\(directory)/coach-key") { String(repeating: "a", count: 40) }
    #expect(throws: CoachKeyError.self) { try CoachKey.load(configured: nil, stateDirectory: directory) }
  }

  @Test(arguments: [0o644, 0o640, 0o620, 0o602])
  func aKeptCoachKeyThatIsOpenToOthersStopsTheStart(mode: Int) throws {
    let directory = folder.path
    _ = try CoachKey.load(configured: nil, stateDirectory: directory)
    let path = "\(directory)/coach-key"
    chmod(path, mode_t(mode))
    let fault = #expect(throws: KeptSecretFault.self) { try CoachKey.load(configured: nil, stateDirectory: directory) }
    #expect(fault?.description.contains("chmod 600") == true)
    #expect(fault?.description.contains(try TextFile.read(path, limit: 100).dropLast()) == false)
    // One that the operator sets does not look at it.
    _ = try CoachKey.load(configured: "a key of one's own", stateDirectory: directory)
    chmod(path, 0o400)
    _ = try CoachKey.load(configured: nil, stateDirectory: directory)
  }
}
