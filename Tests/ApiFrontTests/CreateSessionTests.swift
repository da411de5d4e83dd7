import Bus
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import ApiFront

/// `create_session` over services that the test stands in for.
@Suite struct CreateSessionTests {
  private static let summary = SessionSummary(
    session: SessionID("take-1")!, mode: .single, state: .created, expectedDevices: 1, registeredDevices: 0,
    consentRecorded: true, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 7))

  /// The answer's status, and what session-svc was told to withdraw.
  private func create(
    issuing: @escaping (IssuePairingToken) throws -> IssuePairingToken.Reply
  ) throws -> (status: Int, withdrawn: [WithdrawSession]) {
    let folder = TemporaryFolder()
    let loop = try EventLoop()
    let bus = try BusContext(
      loop: loop, directory: folder.path, log: Log(name: "test", level: .error) { _ in }, metrics: Metrics())
    let tokens = try RequestServer(bus, .tokens)
    tokens.handle(IssuePairingToken.self, issuing)
    let sessions = try RequestServer(bus, .sessions)
    sessions.handle(CreateSession.self) { _ in Self.summary }
    var withdrawn: [WithdrawSession] = []
    sessions.handle(WithdrawSession.self) {
      withdrawn.append($0)
      return Done()
    }
    let address = { PublicAddress(base: "https://192.0.2.1:5050", warning: nil) }
    let backends = try Backends(bus, streamInstances: 1)
    let pairing = PairingRoutes(
      backends: backends, invitations: Invitations(tokens: backends.tokens, address: address), address: address,
      isTLS: true, publicURL: nil, iceServers: try IceServers(try Settings(environment: [:]), time: loop.time),
      retentionDays: 7, time: loop.time, uploads: UploadLinks(loop: loop, links: LinkNumbers(startingAt: 1)),
      credentials: CredentialLog(
        proxies: TrustedProxies([]), time: loop.time, log: Log(name: "test", level: .error) { _ in }))
    let path = "/api/pairing/create_session"
    var request = HTTPRequest(method: .post, path: path)
    let body = #"{"session_id":"take-1","mode":"single","user_id":"u","expected_devices":1,"consent":true}"#
    request.body = Array(body.utf8)
    var status: Int?
    let end = loop.time.now().advanced(by: .seconds(20))
    let exchange = HTTPExchange(request, parameters: PathParameters(), receivedAt: loop.time.now(), deadline: end) {
      status = $0.status.code
    }
    try #require(pairing.routes.first { $0.pattern == PathPattern(path) }).run(
      RouteCall(exchange: exchange, caller: .coach))
    while status == nil, loop.time.now() < end { loop.runOnce(waitingAtMost: .milliseconds(20)) }
    withExtendedLifetime((folder, tokens, sessions)) {}
    return (try #require(status), withdrawn)
  }

  /// Or asking again would find that the session exists, and no way into it.
  @Test func withoutAQRThereIsNoSession() throws {
    let answer = try create { _ in throw ServiceError.timedOut("token-svc") }
    #expect(answer.status == 503)
    #expect(answer.withdrawn.map(\.session) == [Self.summary.session])
    #expect(answer.withdrawn.map(\.anchor) == [Self.summary.anchor])
  }

  @Test func withOneItStays() throws {
    let answer = try create { _ in
      IssuePairingToken.Reply(token: "token", code: "7Q4K-M2XD", expiresAt: 1)
    }
    #expect(answer.status == 200)
    #expect(answer.withdrawn.isEmpty)
  }
}
