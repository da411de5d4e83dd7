import Bus
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import ApiFront

/// token-svc and session-svc as the test wants them, and an admission that asks them over the bus.
private final class Fixture {
  private let folder = TemporaryFolder()
  private let loop: EventLoop
  private let tokens: RequestServer
  private let sessions: RequestServer
  private let admission: Admission
  var refusal: ServiceError? = SessionFixture.refusal
  private(set) var redeemed: [RedeemPairingToken] = []
  private(set) var takenBack: [String] = []

  init() throws {
    loop = try EventLoop()
    let bus = try BusContext(
      loop: loop, directory: folder.path, log: Log(name: "test", level: .error) { _ in }, metrics: Metrics())
    tokens = try RequestServer(bus, .tokens)
    sessions = try RequestServer(bus, .sessions)
    admission = Admission(
      tokens: try RequestClient(bus, .tokens, of: .tokenService),
      sessions: try RequestClient(bus, .sessions, of: .sessionService))
    tokens.handle(RedeemPairingToken.self) { [unowned self] request in
      redeemed.append(request)
      return SessionFixture.redemption(of: request, number: redeemed.count)
    }
    tokens.handle(TakeBackRedemption.self) { [unowned self] request in
      takenBack.append(request.grant)
      return TakeBackRedemption.Reply(isTakenBack: true)
    }
    sessions.handle(RegisterDevice.self) { [unowned self] request in
      if let refusal { throw refusal }
      return SessionFixture.placement(of: request)
    }
  }

  func admit(attempt: String?) throws -> Result<Admission.Admitted, ServiceError> {
    var result: Result<Admission.Admitted, ServiceError>?
    admission.admit(DeviceID("phone-1")!, with: "token", attempt: attempt, DeviceMetadata()) { result = $0 }
    let deadline = loop.time.now().advanced(by: .seconds(20))
    while result == nil, loop.time.now() < deadline { loop.runOnce(waitingAtMost: .milliseconds(20)) }
    return try #require(result)
  }
}

private enum SessionFixture {
  static let session = SessionID("take-1")!
  static let refusal = ServiceError.timedOut("session-svc")

  static func redemption(of request: RedeemPairingToken, number: Int) -> RedeemPairingToken.Reply {
    let claims = TokenClaims(
      kind: .device, session: session, device: request.device, mode: .single, issuedAt: 1, expiresAt: 2,
      jti: "grant-\(number)")
    return RedeemPairingToken.Reply(claims: claims, deviceToken: "its-own", deviceTokenExpiresAt: 2)
  }

  static func placement(of request: RegisterDevice) -> DevicePlacement {
    let summary = SessionSummary(
      session: session, mode: .single, state: .active, expectedDevices: 1, registeredDevices: 1,
      consentRecorded: true, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0))
    return DevicePlacement(session: summary, device: request.key.device, instance: 1, metadata: request.metadata)
  }
}

@Suite struct AdmissionTests {
  /// It has no name for its attempt, so it could not ask for what it was not given.
  @Test func aPhoneWithoutAnAttemptMayRegisterAgain() throws {
    let fixture = try Fixture()
    #expect(throws: SessionFixture.refusal) { try fixture.admit(attempt: nil).get() }
    #expect(fixture.takenBack == ["grant-1"])
    fixture.refusal = nil
    #expect(try fixture.admit(attempt: nil).get().token.claims.jti == "grant-2")
    #expect(fixture.takenBack == ["grant-1"])
    #expect(Set(fixture.redeemed.map(\.attempt)).count == 2)
  }

  /// Repeating the attempt gives the same answer: there is nothing to take back.
  @Test func aPhoneWithAnAttemptAsksAgainWithIt() throws {
    let fixture = try Fixture()
    #expect(throws: SessionFixture.refusal) { try fixture.admit(attempt: "attempt-of-mine").get() }
    fixture.refusal = nil
    _ = try fixture.admit(attempt: "attempt-of-mine").get()
    #expect(fixture.takenBack.isEmpty)
    #expect(fixture.redeemed.map(\.attempt) == ["attempt-of-mine", "attempt-of-mine"])
  }
}
