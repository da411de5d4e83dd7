import Bus
import Foundation
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import SessionService

/// The whole service on a loop of its own folder, asked over the bus.
private final class ProcessFixture {
  let folder: TemporaryFolder
  let loop: EventLoop
  let bus: BusContext
  let client: RequestClient
  private let process: SessionServiceProcess

  init(receiptPatience: Duration = .seconds(6)) throws {
    folder = TemporaryFolder()
    loop = try EventLoop()
    let settings = try Settings(environment: [
      "AXOLOTL_BUS_DIRECTORY": "\(folder.path)/bus", "STATE_DIRECTORY": "\(folder.path)/state",
      "AXOLOTL_STREAM_INSTANCES": "1",
    ])
    let context = ServiceContext(
      service: .sessionService, instance: nil, settings: settings, log: silentLog, loop: loop)
    process = try SessionServiceProcess(context, receiptPatience: receiptPatience)
    bus = try BusContext(loop: loop, directory: "\(folder.path)/bus", log: silentLog, metrics: Metrics())
    client = try RequestClient(bus, .sessions, of: .sessionService)
  }

  func ask<Request: ServiceRequest>(_ request: Request) throws -> Result<Request.Reply, ServiceError> {
    var result: Result<Request.Reply, ServiceError>?
    client.send(request) { result = $0 }
    try #require(run { result != nil })
    return result!
  }

  func run(until condition: () -> Bool) -> Bool {
    let deadline = loop.time.now().advanced(by: .seconds(20))
    while !condition() {
      guard loop.time.now() < deadline else { return false }
      loop.runOnce(waitingAtMost: .milliseconds(20))
    }
    return true
  }
}

struct SessionServiceProcessTests {
  private func create(_ fixture: ProcessFixture) throws -> SessionSummary {
    try fixture.ask(
      CreateSession(session: nil, mode: .single, userID: "coach", expectedDevices: 1, consent: true)
    ).get()
  }

  @Test func aPhonesWayThroughTheService() throws {
    let fixture = try ProcessFixture()
    let session = try create(fixture).session
    let phone = key(session, 1)
    let placement = try fixture.ask(
      RegisterDevice(key: phone, metadata: DeviceMetadata(label: "left"), grant: "grant-1")
    ).get()
    #expect(placement.instance == 1)
    #expect(try fixture.ask(LocateDevice(key: phone)).get() == placement)
    let push = try PushSocket(fixture.bus, to: .deviceReports, highWaterMark: 10)
    let now = fixture.loop.time.now()
    #expect(push.push([BusMessage("not json".utf8)]))
    #expect(push.push([BusMessage(try JSONEncoder().encode(report(phone, lastFrameAt: now, at: now)))]))
    var state: DeviceState?
    let isStreaming = fixture.run {
      state = try? fixture.ask(GetSessionStatus(session: session)).get().devices.first?.state
      return state == .streaming
    }
    #expect(isStreaming)
  }

  @Test func aRemovalIsAnsweredWhenTokenServiceHasAnswered() throws {
    let fixture = try ProcessFixture()
    let session = try create(fixture).session
    let phone = key(session, 1)
    _ = try fixture.ask(RegisterDevice(key: phone, metadata: DeviceMetadata(), grant: "grant-1")).get()
    // Nobody there: refused for now, but the phone is out.
    #expect(try fixture.ask(RemoveDevice(key: phone)) == .failure(.timedOut("token-svc")))
    #expect(try fixture.ask(LocateDevice(key: phone)) == .failure(SessionError.deviceRemoved.serviceError))
    let tokens = try RequestServer(fixture.bus, .tokens)
    var asked: [ShutOutDevice] = []
    tokens.handle(ShutOutDevice.self) {
      asked.append($0)
      return ShutOutDevice.Reply(revoked: 1)
    }
    #expect(try fixture.ask(RemoveDevice(key: phone)).get().registeredDevices == 0)
    #expect(asked.allSatisfy { $0.key == phone && $0.grant == "grant-1" } && !asked.isEmpty)
    #expect(try fixture.ask(OfferPlaces(session: session)).get().freePlaces == 1)
    withExtendedLifetime(tokens) {}
  }

  /// token-svc is back, and the back-off is long: who wants in makes session-svc ask at once.
  @Test func aNewcomerHurriesTheRemovalThatItWaitsFor() throws {
    let fixture = try ProcessFixture()
    let session = try create(fixture).session
    _ = try fixture.ask(RegisterDevice(key: key(session, 1), metadata: DeviceMetadata(), grant: "grant-1")).get()
    #expect(try fixture.ask(RemoveDevice(key: key(session, 1))) == .failure(.timedOut("token-svc")))
    let tokens = try RequestServer(fixture.bus, .tokens)
    var asked: [ShutOutDevice] = []
    tokens.handle(ShutOutDevice.self) {
      asked.append($0)
      return ShutOutDevice.Reply(revoked: 1)
    }
    let newcomer = RegisterDevice(key: key(session, 2), metadata: DeviceMetadata(), grant: "grant-2")
    let refusal = Result<DevicePlacement, ServiceError>.failure(SessionError.removalUnfinished.serviceError)
    #expect(try fixture.ask(newcomer) == refusal)
    #expect(fixture.run { !asked.isEmpty })
    #expect(asked.last?.staying == [])
    #expect(fixture.run { (try? fixture.ask(newcomer).get()) != nil })
    withExtendedLifetime(tokens) {}
  }

  @Test func aPlaceIsFreedWhenItsTokenHasExpired() throws {
    let fixture = try ProcessFixture()
    let session = try create(fixture).session
    let expired = fixture.loop.time.utcMicroseconds() / 1_000_000 - 1
    let phone = RegisterDevice(
      key: key(session, 1), metadata: DeviceMetadata(), grant: "grant-1", grantExpiresAt: expired)
    _ = try fixture.ask(phone).get()
    // Looked after every ten seconds.
    #expect(fixture.run { (try? fixture.ask(OfferPlaces(session: session)).get().freePlaces) == 1 })
  }

  @Test func refusalsCrossWithTheirCodes() throws {
    let fixture = try ProcessFixture()
    let result = try fixture.ask(
      CreateSession(session: nil, mode: .threeD, userID: "coach", expectedDevices: 1, consent: true))
    #expect(result == .failure(SessionError.invalidExpectedDevices(.threeD).serviceError))
    #expect(throws: SessionError.sessionNotFound.serviceError) {
      _ = try fixture.ask(LocateDevice(key: key(sessionID("never"), 1))).get()
    }
  }

  @Test func aDeletionReachesEveryServiceAndAnswersWithOneReceipt() throws {
    let fixture = try ProcessFixture()
    let session = try create(fixture).session
    let tokens = try RequestServer(fixture.bus, .tokens)
    tokens.handle(RevokeTokens.self) { _ in RevokeTokens.Reply(revoked: 2) }
    let stream = try RequestServer(fixture.bus, .stream(instance: 1))
    stream.handle(DeleteRecordings.self) { _ in DeleteRecordings.Reply(files: 3, bytes: 99) }
    let gateway = try RequestServer(fixture.bus, .gateway)
    gateway.handle(DeleteReconstruction.self) { _ in DeleteReconstruction.Reply(files: 4) }
    let receipt = try fixture.ask(DeleteSession(session: session)).get()
    #expect(
      receipt
        == DeletionReceipt(
          session: session, devices: 0, tokens: 2, recordingFiles: 3, recordingBytes: 99, poseFiles: 4, pending: []))
    #expect(try fixture.ask(DeleteSession(session: session)).get() == receipt)
    #expect(throws: SessionError.sessionNotFound.serviceError) {
      _ = try fixture.ask(GetSessionStatus(session: session)).get()
    }
    withExtendedLifetime((tokens, stream, gateway)) {}
  }

  @Test func aDeletionWithNobodyThereSaysWhoIsMissing() throws {
    let fixture = try ProcessFixture(receiptPatience: .milliseconds(50))
    let session = try create(fixture).session
    let receipt = try fixture.ask(DeleteSession(session: session)).get()
    #expect(receipt.pending == ["edge-gateway", "stream-svc@1", "token-svc"])
  }
}
