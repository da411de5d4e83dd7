import Messages
import Runtime
import Synchronization
import Testing
import Timing

@testable import ApiFront

@Suite final class CredentialLogTests {
  private let lines = Lines()
  private let time = ManualTimeSource()
  private lazy var log = CredentialLog(
    proxies: TrustedProxies(["10.0.0.1"]), time: time, log: Log(name: "test", level: .info) { [lines] in lines.add($0) }
  )

  private func request(from peer: String, forwardedFor: String? = nil) -> HTTPRequest {
    var request = HTTPRequest(method: .get, path: "/")
    request.peer = peer
    request.headers.forwardedFor = forwardedFor
    return request
  }

  @Test func aFloodOfWrongCredentialsIsALineAMinute() {
    for _ in 0..<65 {
      for _ in 0..<100 { log.refused(request(from: "192.0.2.7")) }
      time.advance(by: .seconds(1))
      log.report()
    }
    #expect(
      lines.all == [
        "<4>test credentials_refused address=192.0.2.7 count=1\n",
        "<4>test credentials_refused address=192.0.2.7 count=5999\n",
      ])
    #expect(log.refused == 6500)
    // The end of it is told as well, and then nothing.
    for _ in 0..<300 {
      time.advance(by: .seconds(1))
      log.report()
    }
    #expect(lines.all.last == "<4>test credentials_refused address=192.0.2.7 count=500\n" && lines.all.count == 3)
    log.refused(request(from: "192.0.2.7"))
    #expect(lines.all.count == 4)
  }

  @Test func itNamesWhoAsksBehindAProxyAndNoTrustlessWord() {
    log.refused(request(from: "10.0.0.1", forwardedFor: "192.0.2.7"))
    log.refused(request(from: "192.0.2.8", forwardedFor: "192.0.2.9"))
    log.refused(request(from: "2001:db8::7"))
    // Of the same /64: the same sender.
    log.refused(request(from: "2001:db8::8"))
    log.coachSignedIn(request(from: "10.0.0.1", forwardedFor: "192.0.2.7"))
    let addresses = ["192.0.2.7", "192.0.2.8", "2001:db8::7"]
    #expect(
      lines.all == addresses.map { "<4>test credentials_refused address=\($0) count=1\n" }
        + ["<6>test coach_signed_in address=192.0.2.7\n"])
  }

  /// In the same bounded table, so that a stranger fills no log.
  @Test func guessesAtTheDoorsOfPairingAreToldAndMishapsAreNot() {
    let thief = request(from: "192.0.2.7")
    func answer(_ status: Int, _ code: String) {
      log.answered(Result<Int, _>.failure(ServiceError(code: code, message: "", status: status)), to: thief)
    }
    for (status, code) in [
      (400, "pairing_code_malformed"), (429, "pairing_code_locked"), (409, "token_full"), (409, "token_already_used"),
      (409, "session_ended"), (404, "session_not_found"), (503, "service_unavailable"),
    ] { answer(status, code) }
    log.answered(Result<Int, ServiceError>.success(1), to: thief)
    #expect(log.refused == 0 && lines.all.isEmpty)
    for _ in 0..<1000 {
      answer(404, "pairing_code_unknown")
      answer(401, "token_bad_signature")
    }
    time.advance(by: .seconds(60))
    log.report()
    #expect(
      lines.all == [1, 1999].map { "<4>test credentials_refused address=192.0.2.7 count=\($0)\n" })
  }

  @Test func theTableIsBounded() {
    var refusals = CredentialRefusals(capacity: 3)
    let start = SessionTime(microseconds: 5_000_000)
    func address(_ number: Int) -> IPAddress { IPAddress("192.0.2.\(number)")! }
    for number in 1...3 { #expect(refusals.note(address(number), at: start)?.address == address(number)) }
    #expect(refusals.note(address(4), at: start) == .init(address: nil, count: 1))
    for number in 5...9 { #expect(refusals.note(address(number), at: start) == nil) }
    #expect(refusals.due(at: start.advanced(by: .seconds(59))).isEmpty)
    #expect(refusals.due(at: start.advanced(by: .seconds(60))) == [.init(address: nil, count: 5)])
    // What is quiet makes room.
    #expect(refusals.note(address(9), at: start.advanced(by: .seconds(61)))?.address == address(9))
  }
}

/// What was logged.
final class Lines: Sendable {
  private let state = Mutex<[String]>([])
  var all: [String] { state.withLock { $0 } }
  func add(_ line: String) { state.withLock { $0.append(line) } }
}
