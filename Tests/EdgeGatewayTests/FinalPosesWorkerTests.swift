import FoundationEssentials
import Messages
import Runtime
import TestFolders
import Testing
import Timing

@testable import EdgeGateway

/// When final poses are made, with stand-ins for the services that are asked.
@Suite(.serialized) final class FinalPosesWorkerTests {
  private let folder: TemporaryFolder
  private let loop: EventLoop
  private let sessions: Reconstructions
  private var state: Result<SessionState, ServiceError> = .success(.active)
  private var inUse = 0
  private var stateAsked = 0
  private var timesAsked = 0
  private var bytes: [UInt8] = []
  private var worker: FinalPosesWorker?

  init() throws {
    folder = TemporaryFolder()
    loop = try EventLoop()
    let log = Log(name: "test", level: .error) { _ in }
    sessions = try Reconstructions(stateDirectory: folder.path, log: log)
    let session = try sessions.session(Garage.session, now: loop.time.now())
    _ = try session.calibrate(Array(Garage.calibration()))
    var writer = ByteWriter()
    for phone in 0..<4 {
      let times = try (0..<40).map { frame -> FinalDeviceTimes.Time in
        let time = SessionTime(microseconds: 1_000_000 + Int64(frame) * Garage.period + Int64(phone) * 100)
        session.take(try Garage.observation(phone: phone, at: time, sequence: UInt32(frame + 1)), now: time)
        return FinalDeviceTimes.Time(
          sequence: UInt32(frame + 1), reading: ClockReading(time: time, errorBoundMicroseconds: 9))
      }
      FinalDeviceTimes(device: DeviceID("phone-\(phone)")!, times: times).encode(into: &writer)
    }
    bytes = writer.bytes
    worker = FinalPosesWorker(
      sessions: sessions, loop: loop, log: log,
      askState: { [unowned self] _, completion in
        stateAsked += 1
        completion(state)
      },
      askTimes: { [unowned self] request, _, completion in
        timesAsked += 1
        // In small pieces, as a long session's would come.
        let piece = Data(bytes.dropFirst(request.offset).prefix(1000))
        completion(.success(ReadFinalTimes.Reply(piece: piece, totalBytes: bytes.count, devicesInUse: inUse)))
      })
  }

  private func run(until condition: () -> Bool) -> Bool {
    let deadline = loop.time.now().advanced(by: .seconds(20))
    while !condition() {
      guard loop.time.now() < deadline else { return false }
      worker?.advance()
      loop.runOnce(waitingAtMost: .milliseconds(20))
    }
    return true
  }

  private var isMade: Bool { sessions.awaitingFinalPoses.isEmpty }

  @Test func whatWaitsOnDiskIsMadeOnceItsSessionHasEnded() throws {
    #expect(run { stateAsked >= 1 })
    #expect(!isMade && timesAsked == 0)
    state = .success(.ended)
    #expect(run { isMade })
    #expect(timesAsked > 2)
    let session = try #require(try sessions.existing(Garage.session, now: loop.time.now()))
    #expect(try session.beginExport(.csv, times: .final)?.times == .final)
  }

  @Test func filesInUseAreWaitedFor() throws {
    state = .success(.ended)
    inUse = 1
    #expect(run { timesAsked >= 1 })
    #expect(!isMade)
    inUse = 0
    #expect(run { isMade })
  }

  @Test func aSessionThatIsGoneIsForgotten() throws {
    state = .failure(.notFound("session_not_found", "gone"))
    #expect(run { stateAsked == 1 })
    for _ in 0..<20 {
      worker?.advance()
      loop.runOnce(waitingAtMost: .milliseconds(5))
    }
    #expect(stateAsked == 1 && !isMade)
  }
}
