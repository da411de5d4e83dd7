import Messages
import Runtime
import Testing
import Timing

@testable import Bus

private struct Twice: ServiceRequest {
  typealias Reply = Int
  static let name = "test.twice"
  static let deadline = Duration.milliseconds(200)
  let number: Int
}

/// For what is not about deadlines: ZeroMQ connects again in its own time, and a busy machine in its.
private struct Patient: ServiceRequest {
  typealias Reply = Int
  static let name = "test.patient"
  static let deadline = Duration.seconds(10)
  let number: Int
}

/// No server of these tests takes it.
private struct Unheard: ServiceRequest {
  typealias Reply = Int
  static let name = "test.unheard"
  static let deadline = Duration.seconds(10)
}

private struct Once: ServiceRequest {
  typealias Reply = Int
  static let name = "test.once"
  static let deadline = Duration.milliseconds(100)
  static let isIdempotent = false
}

struct RequestTests {
  @Test func manyRequestsAreAnsweredEachWithItsOwnReply() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let server = try RequestServer(bus, .tokens)
    server.handle(Patient.self) { $0.number * 2 }
    let client = try RequestClient(bus, .tokens, of: .tokenService)
    var replies: [Int: Int] = [:]
    for number in 0..<1000 {
      client.send(Patient(number: number)) { result in replies[number] = try? result.get() }
    }
    #expect(fixture.run { replies.count == 1000 })
    #expect(replies.allSatisfy { $0.value == $0.key * 2 })
  }

  @Test func errorsCrossWithTheirCode() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let server = try RequestServer(bus, .tokens)
    let refusal = ServiceError.conflict("token_full", "No place is left.")
    server.handle(Patient.self) { _ in throw refusal }
    let client = try RequestClient(bus, .tokens, of: .tokenService)
    var errors: [ServiceError] = []
    client.send(Patient(number: 1)) { if case .failure(let error) = $0 { errors.append(error) } }
    client.send(Unheard()) { if case .failure(let error) = $0 { errors.append(error) } }
    #expect(fixture.run { errors.count == 2 })
    #expect(errors.contains(refusal))
    #expect(errors.contains { $0.code == "unknown_request" })
  }

  @Test func aServerThatComesLateStillAnswersAnIdempotentRequest() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let client = try RequestClient(bus, .tokens, of: .tokenService)
    var reply: Int?
    client.send(Twice(number: 4)) { reply = try? $0.get() }
    fixture.loop.runOnce(waitingAtMost: .milliseconds(250))
    let server = try RequestServer(bus, .tokens)
    server.handle(Twice.self) { $0.number * 2 }
    #expect(fixture.run { reply == 8 })
  }

  @Test func withoutAServerTheDeadlineAnswers() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let client = try RequestClient(bus, .tokens, of: .tokenService)
    var result: Result<Int, ServiceError>?
    client.send(Once()) { result = $0 }
    #expect(fixture.run { result != nil })
    #expect(result == .failure(.timedOut("token-svc")))
  }

  @Test func moreThanTheAllowedOutstandingRequestsAreRefusedAtOnce() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let client = try RequestClient(bus, .tokens, of: .tokenService, maximumOutstanding: 2)
    var refused = 0
    for _ in 0..<3 { client.send(Once()) { if $0 == .failure(.overloaded("token-svc")) { refused += 1 } } }
    #expect(refused == 1)
  }

  @Test func garbageCostsOneMessage() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let server = try RequestServer(bus, .tokens)
    server.handle(Patient.self) { $0.number * 2 }
    let raw = try DuplexClient(bus, to: .tokens, highWaterMark: 100) { _ in }
    #expect(raw.send([BusMessage([1, 2, 3])]))
    #expect(raw.send([BusMessage([])]))
    #expect(raw.send([BusMessage([]), BusMessage([]), BusMessage([])]))
    var wrongBody = RequestBatch()
    wrongBody.add(.request, id: 1, deadline: .distantFuture, name: Patient.name, body: Array("{\"number\":\"x\"}".utf8))
    #expect(raw.send([wrongBody.message]))
    let client = try RequestClient(bus, .tokens, of: .tokenService)
    var reply: Int?
    client.send(Patient(number: 21)) { reply = try? $0.get() }
    #expect(fixture.run { reply == 42 })
  }

  @Test func whatStandsBeforeAnUnreadableRecordIsAnswered() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let server = try RequestServer(bus, .tokens)
    var asked: [Int] = []
    server.handle(Twice.self) { request in
      asked.append(request.number)
      return request.number * 2
    }
    var batch = RequestBatch()
    for number in 1...3 {
      batch.add(
        .request, id: UInt64(number), deadline: .distantFuture, name: Twice.name,
        body: Array("{\"number\":\(number)}".utf8))
    }
    let raw = try DuplexClient(bus, to: .tokens, highWaterMark: 100) { _ in }
    #expect(raw.send([BusMessage(batch.message.bytes.dropLast())]))
    #expect(fixture.run { asked.count == 2 })
    #expect(asked == [1, 2])
  }

  @Test func requestsForAServiceThatIsAwayWaitInTheirOrder() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let client = try RequestClient(bus, .tokens, of: .tokenService, maximumOutstanding: 100)
    for number in 0..<100 { client.send(Patient(number: number), retries: 0) { _ in } }
    fixture.loop.runOnce()
    let server = try RequestServer(bus, .tokens)
    var asked: [Int] = []
    server.handle(Patient.self) { request in
      asked.append(request.number)
      return 0
    }
    #expect(fixture.run { asked.count == 100 })
    #expect(asked == Array(0..<100))
  }

  /// Asked one by one, so that each leaves by itself, and given up long before the service comes.
  @Test func whatIsHeldForAServiceThatIsAwayIsBoundedInRequests() throws {
    let fixture = try BusFixture()
    let client = try RequestClient(try fixture.makeBus(), .tokens, of: .tokenService, maximumOutstanding: 64)
    var results: [Result<Int, ServiceError>] = []
    var refused = 0
    for number in 0..<384 {
      client.send(Twice(number: number), retries: 0) { result in
        results.append(result)
        if result == .failure(.overloaded("token-svc")) { refused += 1 }
      }
      fixture.loop.runOnce(waitingAtMost: .zero)
      // Whoever waits is answered by its deadline; then there would be room for another, but for what is still held.
      if number % 64 == 63 { #expect(fixture.run { results.count == number + 1 }) }
    }
    // 64 / 16 messages in ZeroMQ, one request each, and 64 behind them.
    #expect(384 - refused == 4 + 64)
  }

  @Test func anAskerThatHasGoneHoldsUpNobodysReplies() throws {
    let fixture = try BusFixture()
    let bus = try fixture.makeBus()
    let server = try RequestServer(bus, .tokens)
    var held: [Responder<Patient>] = []
    server.handleLater(Patient.self) { _, responder in held.append(responder) }
    var leaving: RequestClient? = try RequestClient(bus, .tokens, of: .tokenService)
    leaving?.send(Patient(number: 1)) { _ in }
    #expect(fixture.run { held.count == 1 })
    leaving = nil
    let staying = try RequestClient(try fixture.makeBus(), .tokens, of: .tokenService)
    var reply: Int?
    staying.send(Patient(number: 2)) { reply = try? $0.get() }
    #expect(fixture.run { held.count == 2 })
    for responder in held { responder.succeed(7) }
    #expect(fixture.run { reply == 7 })
  }
}
