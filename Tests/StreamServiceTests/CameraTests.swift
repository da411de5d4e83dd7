import Messages
import Testing
import Timing

@testable import Bus
@testable import StreamService

/// When a camera's frames are held back, and when they are recorded.
struct CameraTests {
  private let now = SessionTime(microseconds: 5_000_000)

  private func camera(_ model: String? = nil, latencies: CameraLatencies = .none) throws -> Camera {
    let key = DeviceKey(session: try #require(SessionID("sess")), device: try #require(DeviceID("phone")))
    let opening = PhoneLinkOpen(
      key: key, transport: .websocket, metadata: DeviceMetadata(model: model), mode: .single,
      anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_700_000_000_000_000))
    return Camera(
      opening, number: 1, link: LinkAddress(peer: PeerIdentity(bytes: [1]), link: 1), latencies: latencies, at: now)
  }

  /// A round trip of 1 ms to a phone whose clock is 2 s behind.
  private var sample: ClockSample {
    ClockSample(
      deviceSent: DeviceTime(microseconds: 2_999_000), serverReceived: SessionTime(microseconds: 4_999_500),
      serverSent: SessionTime(microseconds: 4_999_500), deviceReceived: DeviceTime(microseconds: 3_000_000))
  }

  @Test func aHiddenPageIsTheCauseOfSilence() throws {
    var camera = try camera()
    _ = camera.exchanged(sample)
    let later = now.advanced(by: .seconds(3600))
    #expect(camera.sync(at: later)?.cause == .noRecentExchange)
    camera.said(PhoneCondition(isHidden: true, captureSource: .captureTime))
    #expect(camera.sync(at: later)?.cause == .pageHidden)
    let report = camera.report(instance: 1, roomBytes: nil, at: later)
    #expect(report.capture?.source == .captureTime && report.capture?.latencyMicroseconds == 0)
    // Another connection has to say it anew.
    camera.connect(camera.opening, link: LinkAddress(peer: PeerIdentity(bytes: [1]), link: 2), at: later)
    #expect(camera.sync(at: later)?.cause == .noRecentExchange)
    #expect(camera.report(instance: 1, roomBytes: nil, at: later).capture == nil)
  }

  @Test(arguments: [("Pixel 7", 38_000), ("Pixel 8", 0)])
  func aModelsLatencyIsTakenOffItsFramesAndTold(model: String, latency: Int64) throws {
    var camera = try camera(model, latencies: try #require(CameraLatencies("Pixel 7:38")))
    camera.opened(DeviceFolder.Contents(), at: now)
    _ = camera.exchanged(sample)
    let message = BusMessage(SampleFrames.bytes(1, captured: 2_990_000))
    guard case .record(let frame) = camera.decide(message, arrived: now) else {
      Issue.record("not recorded")
      return
    }
    // This phone's clock is 2 s behind, known to half a millisecond.
    #expect(abs(frame.reading.time.microseconds - (4_990_000 - latency)) <= 1000)
    #expect(frame.cameraLatencyMicroseconds == UInt32(latency))
    #expect(frame.frame.header.captured == DeviceTime(microseconds: 2_990_000))
    camera.said(PhoneCondition(isHidden: false, captureSource: .callbackTime))
    #expect(camera.report(instance: 1, roomBytes: nil, at: now).capture?.latencyMicroseconds == Int(latency))
  }

  @Test func framesAreHeldByCountAndByBytes() throws {
    for (size, room, expected) in [
      (500, Int.max, Camera.maximumHeld), (3 << 20, .max, 10), (3 << 20, 7 << 20, 2), (3 << 20, 0, 0),
    ] {
      var camera = try camera()
      let message = BusMessage([UInt8](repeating: 0, count: size))
      var held = 0
      for _ in 0..<200 {
        _ = camera.decide(message, arrived: now, room: room == .max ? room : room - held)
        held = camera.heldBytes
      }
      #expect(camera.held.count == expected && camera.heldBytes == expected * size)
      let early = camera.takeShedHeld()
      #expect(!early, "nothing is asked for while it could not be taken")
      _ = camera.exchanged(sample)
      camera.opened(DeviceFolder.Contents(), at: now)
      let released = camera.takeHeld().count
      #expect(released == expected && camera.heldBytes == 0)
      let (asked, askedAgain) = (camera.takeShedHeld(), camera.takeShedHeld())
      #expect(asked && !askedAgain)
    }
  }

  @Test func framesWaitForTheFolderAndTheClock() throws {
    var camera = try camera()
    #expect(camera.phase == .opening(since: now))
    camera.opened(DeviceFolder.Contents(), at: now)
    #expect(camera.phase == .settling(until: now.advanced(by: Camera.clockPatience)))
    #expect(camera.exchanged(sample) == .used)
    #expect(camera.phase == .recording)
  }

  @Test func aClockThatCameBeforeTheFolderWasOpenIsNotWaitedForAgain() throws {
    var camera = try camera()
    #expect(camera.exchanged(sample) == .used)
    #expect(camera.phase == .opening(since: now))
    camera.opened(DeviceFolder.Contents(), at: now)
    #expect(camera.phase == .recording)
  }

  @Test func everyConnectionWaitsForItsOwnClock() throws {
    var camera = try camera()
    _ = camera.exchanged(sample)
    camera.opened(DeviceFolder.Contents(), at: now)
    camera.connect(camera.opening, link: LinkAddress(peer: PeerIdentity(bytes: [1]), link: 2), at: now)
    camera.opened(DeviceFolder.Contents(), at: now)
    #expect(camera.phase == .settling(until: now.advanced(by: Camera.clockPatience)))
  }

  @Test func withoutAClockTheyAreHeldOnlySoLong() throws {
    var camera = try camera()
    camera.opened(DeviceFolder.Contents(), at: now)
    let limit = now.advanced(by: Camera.clockPatience)
    camera.settle(at: limit.advanced(by: .microseconds(-1)))
    #expect(camera.phase != .recording)
    camera.settle(at: limit)
    #expect(camera.phase == .recording)
  }
}
