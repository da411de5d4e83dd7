import Bus
import Messages
import Runtime
import Testing
import Timing

@testable import ApiFront

/// An instance that takes everything while it is ready, and answers when the test says so.
private final class Carrier: PhoneLinkCarrier {
  private(set) var owners: [UInt64: any PhoneLinkOwner] = [:]
  var isReady = true
  /// What was taken, in order.
  private(set) var kinds: [PhoneLinkKind] = []
  /// First bytes of the frames that came.
  private(set) var frames: [UInt8] = []

  func add(_ owner: any PhoneLinkOwner, link: UInt64) {
    owners[link] = owner
    _ = owner.opening
  }

  func remove(link: UInt64) { owners[link] = nil }

  func send(_ kind: PhoneLinkKind, link: UInt64, _ payload: BusMessage?, at: SessionTime) -> Bool {
    guard isReady, owners[link] != nil else { return false }
    kinds.append(kind)
    if kind == .frame, let first = payload?.bytes.first { frames.append(first) }
    return true
  }

  func becomeReady() {
    isReady = true
    for owner in owners.values { owner.channelIsReady() }
  }

  func acknowledge(_ sequence: Int) {
    for owner in owners.values { owner.receivedText(Array(#"{"type":"ack","seq":\#(sequence)}"#.utf8)) }
  }
}

@Suite struct UploadLinksTests {
  private let key = DeviceKey(session: SessionID("s1")!, device: DeviceID("d1")!)
  private let first = Carrier()
  private let second = Carrier()

  private func makeUploads() throws -> UploadLinks {
    UploadLinks(loop: try EventLoop(time: ManualTimeSource()), links: LinkNumbers(startingAt: 1))
  }

  private func located(_ instance: Int, _ carrier: Carrier) -> UploadLinks.Located {
    let anchor = UTCAnchor(sessionTime: .zero, utcMicroseconds: 0)
    let summary = SessionSummary(
      session: key.session, mode: .threeD, state: .active, expectedDevices: 2, registeredDevices: 2,
      consentRecorded: true, anchor: anchor)
    let placement = DevicePlacement(
      session: summary, device: key.device, instance: instance, metadata: DeviceMetadata())
    return (placement, carrier)
  }

  private func frame(_ sequence: UInt8, _ recorded: @escaping (UInt32) -> Void = { _ in }) -> Upload {
    Upload(
      sequence: UInt32(sequence), oldestSequence: 1, frame: BusMessage([sequence]), deadline: .distantFuture
    ) { result in
      if case .success(let through) = result { recorded(through) }
    }
  }

  @Test func uploadsThatOverlapFollowTheirCameraToAnotherInstance() throws {
    let uploads = try makeUploads()
    var place = located(1, first)
    uploads.locate = { _, completion in completion(.success(place)) }
    var recorded: [UInt32] = []
    for sequence: UInt8 in 1...3 { uploads.upload(frame(sequence) { recorded.append($0) }, of: key) }
    #expect(first.frames == [1])

    // The same place again changes nothing.
    uploads.recheck()
    #expect(first.frames == [1] && first.owners.count == 1)

    // The first instance is gone for good with the frame that it got; the camera's place is another.
    place = located(2, second)
    uploads.recheck(key.session)
    #expect(first.owners.isEmpty)
    #expect(second.frames == [1])
    for sequence in 1...3 { second.acknowledge(sequence) }
    #expect(second.frames == [1, 2, 3])
    #expect(recorded == [1, 2, 3])
  }

  private func sample(_ number: Int64) -> ClockSample {
    ClockSample(
      deviceSent: DeviceTime(microseconds: number), serverReceived: SessionTime(microseconds: number),
      serverSent: SessionTime(microseconds: number), deviceReceived: DeviceTime(microseconds: number))
  }

  /// It may be the only one of a short recording, which would never get its corrected times.
  @Test func aClockExchangeWaitsForAnInstanceThatIsAway() throws {
    let uploads = try makeUploads()
    let place = located(1, first)
    uploads.locate = { _, completion in completion(.success(place)) }
    first.isReady = false
    uploads.keep(sample(1), of: key)
    uploads.upload(frame(1), of: key)
    #expect(first.kinds.isEmpty)
    first.becomeReady()
    #expect(first.kinds == [.clockSample, .text, .frame])
    // Once is enough.
    first.becomeReady()
    #expect(first.kinds == [.clockSample, .text, .frame])
  }

  @Test func clockExchangesThatWaitMoveAlongAndAreBounded() throws {
    let uploads = try makeUploads()
    var place = located(1, first)
    uploads.locate = { _, completion in completion(.success(place)) }
    first.isReady = false
    for number in 1...Int64(UploadLink.maximumSamples + 5) { uploads.keep(sample(number), of: key) }
    place = located(2, second)
    uploads.recheck(key.session)
    #expect(first.kinds.isEmpty)
    #expect(second.kinds == Array(repeating: .clockSample, count: UploadLink.maximumSamples))
  }

  @Test func aLinkThatHasEndedMovesNowhere() throws {
    let uploads = try makeUploads()
    var waiting: ((Result<UploadLinks.Located, ServiceError>) -> Void)?
    let start = located(1, first)
    uploads.locate = { _, completion in completion(.success(start)) }
    uploads.upload(frame(1), of: key)
    uploads.locate = { _, completion in waiting = completion }
    uploads.recheck()
    // Kept, as by whoever is just calling it.
    let link = try #require(first.owners.values.first)
    link.closedByStream(ServiceError(code: "session_ended", message: "It is over.", status: 409))
    let answer = try #require(waiting)
    answer(.success(located(2, second)))
    #expect(first.owners.isEmpty && second.owners.isEmpty)
  }

  /// Else stream-svc would hold the recording of a phone that does not come back until it takes this process for gone.
  @Test func whenTheProcessStopsAllLinksEndAndNoneBegins() throws {
    let uploads = try makeUploads()
    let place = located(1, first)
    uploads.locate = { _, completion in completion(.success(place)) }
    var refusals: [String] = []
    func refused(_ sequence: UInt8) -> Upload {
      Upload(sequence: UInt32(sequence), oldestSequence: 1, frame: BusMessage([sequence]), deadline: .distantFuture) {
        if case .failure(let error) = $0 { refusals.append(error.code) }
      }
    }
    uploads.upload(refused(1), of: key)
    uploads.closeAll()
    #expect(first.owners.isEmpty)
    #expect(refusals == ["restarting"])
    uploads.upload(refused(2), of: key)
    uploads.keep(sample(1), of: key)
    #expect(first.owners.isEmpty && first.frames == [1])
    #expect(refusals == ["restarting", "restarting"])
  }
}
