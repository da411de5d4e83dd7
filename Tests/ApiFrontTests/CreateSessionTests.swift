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

  private static let invitation = IssuePairingToken.Reply(token: "token", code: "7Q4K-M2XD", expiresAt: 1)

  /// The answer's status, under which attempts session-svc was asked to make a session, and which it was told to withdraw.
  ///
  /// - Parameters:
  ///   - making: session-svc's answer; nil leaves the asker without one.
  ///   - withdrawing: likewise when it is told so, with how often it was before.
  ///   - isGone: the coach does not wait for the answer.
  private func create(
    making: Result<SessionSummary, ServiceError>? = .success(summary),
    withdrawing: @escaping (Int) throws -> Void = { _ in }, isGone: Bool = false,
    issuing: @escaping (IssuePairingToken) throws -> IssuePairingToken.Reply = { _ in invitation },
    until isOver: ((_ withdrawn: [String]) -> Bool)? = nil
  ) throws -> (status: Int?, made: [String], withdrawn: [String]) {
    let folder = TemporaryFolder()
    let loop = try EventLoop()
    let bus = try BusContext(
      loop: loop, directory: folder.path, log: Log(name: "test", level: .error) { _ in }, metrics: Metrics())
    let tokens = try RequestServer(bus, .tokens)
    tokens.handle(IssuePairingToken.self, issuing)
    let sessions = try RequestServer(bus, .sessions)
    var made: [String] = []
    sessions.handleLater(CreateSession.self) { request, responder in
      made.append(request.attempt ?? "")
      switch making {
      case .success(let summary)?: responder.succeed(summary)
      case .failure(let error)?: responder.fail(error)
      case nil: break
      }
    }
    var withdrawn: [String] = []
    sessions.handle(WithdrawSession.self) {
      withdrawn.append($0.attempt)
      try withdrawing(withdrawn.count - 1)
      return Done()
    }
    let address = { PublicAddress(base: "https://192.0.2.1:5050", warning: nil) }
    let backends = try Backends(bus, streamInstances: 1)
    let pairing = PairingRoutes(
      backends: backends, invitations: Invitations(tokens: backends.tokens, address: address),
      withdrawals: Withdrawals(loop: loop, log: Log(name: "test", level: .error) { _ in }) { request, completion in
        backends.sessions.send(request, retries: 0, completion)
      }, address: address,
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
    if isGone { exchange.abandon() }
    let isDone = { (isGone || status != nil) && isOver?(withdrawn) ?? true }
    while !isDone() {
      try #require(loop.time.now() < end)
      loop.runOnce(waitingAtMost: .milliseconds(20))
    }
    withExtendedLifetime((folder, tokens, sessions, pairing)) {}
    return (status, made, withdrawn)
  }

  /// Or asking again would find that the session exists, and no way into it.
  @Test func withoutAQRThereIsNoSession() throws {
    let answer = try create(issuing: { _ in throw ServiceError.timedOut("token-svc") })
    #expect(answer.status == 503)
    #expect(answer.made.count == 1 && answer.withdrawn == answer.made)
    #expect(answer.made.first?.count == 32)
  }

  /// session-svc made it and was killed, or was too slow: nobody knows, so it is taken back.
  @Test func withoutAnAnswerThereIsNoSession() throws {
    let answer = try create(making: nil)
    #expect(answer.status == 503)
    #expect(answer.made.count == 1 && answer.withdrawn == answer.made)
  }

  /// The coach hears at once; what is to be taken back is asked for again.
  @Test func itIsTakenBackWhenSessionServiceIsThereAgain() throws {
    let answer = try create(
      making: .failure(.internalFault),
      withdrawing: { if $0 < 2 { throw ServiceError.timedOut("session-svc") } },
      until: { $0.count == 3 })
    #expect(answer.status == 500)
    #expect(answer.made.count == 1 && Set(answer.withdrawn) == Set(answer.made))
  }

  @Test func whatWasRefusedIsNotTakenBack() throws {
    let answer = try create(making: .failure(.conflict("session_exists", "It is there.")))
    #expect(answer.status == 409)
    #expect(answer.withdrawn.isEmpty)
  }

  @Test func whoHasHungUpHasNoSession() throws {
    let answer = try create(isGone: true, until: { !$0.isEmpty })
    #expect(answer.status == nil)
    #expect(answer.withdrawn == answer.made)
  }

  @Test func withOneItStays() throws {
    let answer = try create()
    #expect(answer.status == 200)
    #expect(answer.withdrawn.isEmpty)
  }
}
