import Bus
import FoundationEssentials
import Glibc
import Messages
import Reconstruction
import Runtime
import TestFolders
import Testing
import Timing

@testable import EdgeGateway

/// The whole service behind its real sockets, with its neighbours' ends in the same loop.
final class GatewayFixture {
  let folder: TemporaryFolder
  let loop: EventLoop
  let bus: BusContext
  let client: RequestClient
  let push: PushSocket
  private(set) var live: [Pose3D] = []
  private var subscriber: SubscribeSocket?
  private var process: GatewayProcess?
  /// session-svc's stand-in, which answers with `status`, or leaves the question in `unanswered`.
  private let registry: RequestServer
  var status: ((SessionID) -> Result<GetSessionStatus.Reply, ServiceError>)? = { .success(known($0)) }
  private(set) var unanswered: [Responder<GetSessionStatus>] = []
  static let anchor = UTCAnchor(sessionTime: .zero, utcMicroseconds: 1_795_593_595_250_000)

  init() throws {
    folder = TemporaryFolder()
    loop = try EventLoop()
    let log = Log(name: "test", level: .error) { _ in }
    bus = try BusContext(loop: loop, directory: "\(folder.path)/bus", log: log, metrics: Metrics())
    client = try RequestClient(bus, .gateway, of: .edgeGateway)
    registry = try RequestServer(bus, .sessions)
    push = try PushSocket(bus, to: .observations, highWaterMark: 100_000)
    subscriber = try SubscribeSocket(bus, to: .livePoses, highWaterMark: 1000) { [unowned self] _, message in
      if let pose = try? message.withUnsafeBytes({ bytes throws(DecodingFailure) in try Pose3D(decoding: bytes) }) {
        live.append(pose)
      }
    }
    registry.handleLater(GetSessionStatus.self) { [unowned self] request, responder in
      switch status?(request.session) {
      case .success(let reply)?: responder.succeed(reply)
      case .failure(let error)?: responder.fail(error)
      case nil: unanswered.append(responder)
      }
    }
    try start()
  }

  static func known(_ session: SessionID) -> GetSessionStatus.Reply {
    let summary = SessionSummary(
      session: session, mode: .threeD, state: .active, expectedDevices: 4, registeredDevices: 4,
      consentRecorded: true, anchor: Self.anchor)
    return GetSessionStatus.Reply(summary: summary, devices: [])
  }

  func start() throws {
    let settings = try Settings(environment: [
      "STATE_DIRECTORY": "\(folder.path)/state", "AXOLOTL_BUS_DIRECTORY": "\(folder.path)/bus",
    ])
    process = nil
    process = try GatewayProcess(
      ServiceContext(
        service: .edgeGateway, instance: nil, settings: settings, log: Log(name: "test", level: .error) { _ in },
        loop: loop))
  }

  func ask<Request: ServiceRequest>(_ request: Request) throws -> Request.Reply {
    var answer: Result<Request.Reply, ServiceError>?
    client.send(request) { answer = $0 }
    try #require(run { answer != nil })
    return try #require(answer).get()
  }

  func run(until condition: () -> Bool) -> Bool {
    let deadline = loop.time.now().advanced(by: .seconds(20))
    while !condition() {
      guard loop.time.now() < deadline else { return false }
      loop.runOnce(waitingAtMost: .milliseconds(20))
    }
    return true
  }

  /// Slow enough for a debug build on a busy machine.
  private static let period: Int64 = 100_000
  /// The processor's time that one turn of the loop took at most, and that all of them took.
  var longestTurn = Duration.zero
  var allTurns = Duration.zero

  /// Sends frames of four phones, captured a moment ago, until something comes of it.
  func film(until condition: () throws -> Bool) throws {
    let deadline = loop.time.now().advanced(by: .seconds(60))
    var frame: Int64 = 0
    let start = loop.time.now()
    while try !condition() {
      try #require(loop.time.now() < deadline)
      let now = loop.time.now()
      if start + frame * Self.period <= now {
        // What this machine was too busy for is not made up for: a turn has the frames of one moment.
        frame = (now - start) / Self.period
        for phone in 0..<4 {
          let captured = start + frame * Self.period + Int64(phone - 4) * 5000
          _ = push.push([BusMessage(try Garage.observation(phone: phone, at: captured).encoded())])
        }
        frame += 1
      }
      let before = Self.processorTime()
      loop.runOnce(waitingAtMost: .milliseconds(5))
      let spent = Self.processorTime() - before
      longestTurn = max(longestTurn, spent)
      allTurns += spent
    }
  }
}

extension GatewayFixture {
  /// What this thread has had: unlike the clock's, it does not count what others do meanwhile.
  static func processorTime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
  }
}

/// How an export's time and UTC relate.
private struct ExportedStart: Decodable {
  let startUTC: String
  let startSessionTime: Int64

  enum CodingKeys: String, CodingKey {
    case startUTC = "start_utc"
    case startSessionTime = "start_session_time_us"
  }
}

private let deletion = DeletionID(String(repeating: "a", count: 32))!

@Suite(.serialized) struct GatewayProcessTests {
  @Test func fromObservationsToPosesToFiles() throws {
    let gateway = try GatewayFixture()
    let document = try Garage.calibration()
    let devices = try gateway.ask(SetCalibration(session: Garage.session, document: document)).devices
    #expect(devices.map(\.text) == ["phone-0", "phone-1", "phone-2", "phone-3"])
    let given = try gateway.ask(GetCalibration(session: Garage.session)).document
    #expect(try CalibrationJSON.decode(given).cameras.map(\.position) == Garage.cameras().map(\.position))
    try gateway.film { gateway.live.count >= 8 }
    for pose in gateway.live.dropFirst(3) {
      #expect(pose.session == Garage.session && pose.joints.allSatisfy { $0.views >= 2 })
    }
    for format in ExportFormat.allCases {
      let export = try gateway.ask(ExportPoses(session: Garage.session, format: format))
      #expect(export.poses >= 8)
      var bytes = Data()
      while true {
        let request = ReadExport(session: Garage.session, export: export.export, offset: bytes.count)
        let piece = try gateway.ask(request).piece
        if piece.isEmpty { break }
        bytes += piece
      }
      #expect(bytes.count == export.bytes)
      if format == .json {
        let times = try JSONDecoder().decode(ExportedStart.self, from: bytes)
        #expect(times.startUTC == GatewayFixture.anchor.rfc3339(at: .init(microseconds: times.startSessionTime)))
      }
    }
    let figures = try gateway.ask(ReconstructionStatistics(session: Garage.session))
    #expect(figures.calibrated && figures.poses >= 8 && figures.jointsPerPose > 32)
    #expect(try gateway.ask(CheckReadiness()).ready)
  }

  @Test func aRestartKeepsCalibrationAndPoses() throws {
    let gateway = try GatewayFixture()
    _ = try gateway.ask(SetCalibration(session: Garage.session, document: Garage.calibration()))
    try gateway.film { gateway.live.count >= 4 }
    let before = try gateway.ask(ReconstructionStatistics(session: Garage.session)).poses
    try gateway.start()
    let restored = try gateway.ask(ReconstructionStatistics(session: Garage.session))
    #expect(restored.calibrated && restored.poses >= before)
    let last = try #require(gateway.live.last)
    try gateway.film { gateway.live.count { $0.time > last.time } >= 4 }
    #expect(zip(gateway.live, gateway.live.dropFirst()).allSatisfy { $0.time < $1.time })
  }

  /// A long take's journals are read while the gateway answers others, and takes what is filmed.
  @Test func aRestartAnswersWhileItReads() throws {
    let gateway = try GatewayFixture()
    _ = try gateway.ask(SetCalibration(session: Garage.session, document: Garage.calibration()))
    try gateway.film { gateway.live.count >= 4 }
    // The same poses again and again, as if the take had been long.
    let files = SessionFolder(
      root: SessionFolder.root(stateDirectory: "\(gateway.folder.path)/state"), session: Garage.session)
    let journal = try Data(contentsOf: URL(filePath: files.journal))
    var long = journal
    while long.count < 10_000_000 { long += journal.dropFirst(4) }
    try long.write(to: URL(filePath: files.journal))
    try gateway.start()
    var figures: ReconstructionStatistics.Reply?
    gateway.client.send(ReconstructionStatistics(session: Garage.session), retries: 10) { figures = try? $0.get() }
    _ = try gateway.ask(GetCalibration(session: Garage.session))
    #expect(figures == nil, "it is answered before all is read")
    let count = gateway.live.count
    (gateway.longestTurn, gateway.allTurns) = (.zero, .zero)
    try gateway.film { gateway.live.count >= count + 2 && figures != nil }
    #expect(gateway.longestTurn < gateway.allTurns / 10, "it is read in many turns")
    #expect(try #require(figures).poses > 10_000)
    let export = try gateway.ask(ExportPoses(session: Garage.session, format: .csv))
    #expect(export.poses >= (try #require(figures)).poses)
  }

  @Test func badInputCostsOneMessage() throws {
    let gateway = try GatewayFixture()
    for bytes in [[], [1, 2, 3], Array("AXO1".utf8), [UInt8](repeating: 0xFF, count: 100_000)] {
      _ = gateway.push.push([BusMessage(bytes)])
    }
    let good = BusMessage(try Garage.observation(phone: 0, at: gateway.loop.time.now()).encoded())
    _ = gateway.push.push([good, good])
    for document in [Data(), Data("{}".utf8), Data("<x/>".utf8), Data(repeating: 0x20, count: 70_000)] {
      let error = #expect(throws: ServiceError.self) {
        try gateway.ask(SetCalibration(session: Garage.session, document: document))
      }
      #expect(error?.status == 400 && error?.code == "calibration_unreadable")
    }
    let tooLarge = #expect(throws: ServiceError.self) {
      try gateway.ask(SetCalibration(session: Garage.session, document: Data(repeating: 0x20, count: 300_000)))
    }
    #expect(tooLarge?.status == 413)
    _ = try gateway.ask(SetCalibration(session: Garage.session, document: Garage.calibration()))
    try gateway.film { gateway.live.count >= 3 }
  }

  @Test func whatIsNotThereIsSaid() throws {
    let gateway = try GatewayFixture()
    let stranger = try #require(SessionID("stranger"))
    #expect(throws: ServiceError.notCalibrated) { try gateway.ask(GetCalibration(session: stranger)) }
    #expect(throws: ServiceError.noPoses) { try gateway.ask(ExportPoses(session: stranger, format: .trc)) }
    #expect(throws: ServiceError.noSuchExport) {
      try gateway.ask(ReadExport(session: stranger, export: "poses-1.trc", offset: 0))
    }
    #expect(try gateway.ask(ReconstructionStatistics(session: stranger)).poses == 0)
    #expect(try gateway.ask(DeleteReconstruction(session: stranger, deletion: deletion)).files == 0)
  }

  @Test func deletionLeavesNothingAndLateFramesBringNothingBack() throws {
    let gateway = try GatewayFixture()
    _ = try gateway.ask(SetCalibration(session: Garage.session, document: Garage.calibration()))
    try gateway.film { gateway.live.count >= 3 }
    _ = try gateway.ask(ExportPoses(session: Garage.session, format: .trc))
    let delete = DeleteReconstruction(session: Garage.session, deletion: deletion)
    #expect(try gateway.ask(delete).files == 4)
    // What is left is the count, for whoever asks again.
    #expect(folderNames(in: SessionFolder.root(stateDirectory: "\(gateway.folder.path)/state")) == [".removed"])
    #expect(try gateway.ask(delete).files == 4)
    for phone in 0..<4 {
      let late = try Garage.observation(phone: phone, at: gateway.loop.time.now())
      _ = gateway.push.push([BusMessage(late.encoded())])
    }
    #expect(try gateway.ask(ReconstructionStatistics(session: Garage.session)).observations == 0)
    // The same name may be used again.
    _ = try gateway.ask(SetCalibration(session: Garage.session, document: Garage.calibration()))
    let count = gateway.live.count
    try gateway.film { gateway.live.count >= count + 3 }
  }

  @Test func aCalibrationOfNoSessionIsKeptNowhere() throws {
    let gateway = try GatewayFixture()
    let calibrate = SetCalibration(session: Garage.session, document: try Garage.calibration())
    for refusal in [ServiceError.sessionNotFound, .timedOut("session-svc")] {
      gateway.status = { _ in .failure(refusal) }
      #expect(throws: refusal) { try gateway.ask(calibrate) }
      #expect(throws: ServiceError.notCalibrated) { try gateway.ask(GetCalibration(session: Garage.session)) }
      #expect(folderNames(in: SessionFolder.root(stateDirectory: "\(gateway.folder.path)/state")) == [".removed"])
    }
  }

  /// session-svc said that the session is there, and then it was deleted.
  @Test func aDeletionThatComesWhileSessionServiceIsAskedCounts() throws {
    let gateway = try GatewayFixture()
    let calibrate = SetCalibration(session: Garage.session, document: try Garage.calibration())
    gateway.status = nil
    var answer: Result<SetCalibration.Reply, ServiceError>?
    gateway.client.send(calibrate, retries: 0) { answer = $0 }
    #expect(gateway.run { gateway.unanswered.count == 1 || answer != nil })
    _ = try gateway.ask(DeleteReconstruction(session: Garage.session, deletion: deletion))
    for responder in gateway.unanswered { responder.succeed(GatewayFixture.known(Garage.session)) }
    #expect(gateway.run { answer != nil })
    #expect(throws: ServiceError.sessionNotFound) { try answer?.get() }
    #expect(folderNames(in: SessionFolder.root(stateDirectory: "\(gateway.folder.path)/state")) == [".removed"])
    // Of a session that was made anew it is taken.
    gateway.status = { .success(GatewayFixture.known($0)) }
    _ = try gateway.ask(calibrate)
    let count = gateway.live.count
    try gateway.film { gateway.live.count >= count + 3 }
  }

  @Test func sessionsAtWorkAreNotPushedOut() throws {
    let folder = TemporaryFolder()
    let sessions = try Reconstructions(stateDirectory: folder.path, log: Log(name: "test", level: .error) { _ in })
    let start = SessionTime(microseconds: 1_000_000)
    for index in 0..<Reconstructions.maxOpen {
      _ = try sessions.session(try #require(SessionID("s\(index)")), now: start + Int64(index))
    }
    let another = try #require(SessionID("another"))
    #expect(throws: ServiceError.tooManySessions) { try sessions.session(another, now: start + 30_000_000) }
    #expect(try sessions.session(another, now: start + Reconstructions.idle + 1).session == another)
    #expect(sessions.all.count == Reconstructions.maxOpen)
    #expect(!sessions.all.contains { $0.session.text == "s0" })
  }

  @Test func whatTheDiskHoldsOnToIsNotCalledRemoved() throws {
    let temporary = TemporaryFolder()
    let root = SessionFolder.root(stateDirectory: temporary.path)
    let session = try #require(SessionID("x"))
    let folder = SessionFolder(root: root, session: session)
    let namesake = SessionFolder(root: root, session: try #require(SessionID("not-x")))
    for each in [folder, namesake] {
      try each.create()
      try Data("p".utf8).write(to: URL(filePath: each.journal))
    }
    let stubborn = { () throws(ServiceError) in
      try SessionFolder.delete(session, root: root, for: deletion, unlink: { _ in -1 })
    }
    #expect(throws: ServiceError.reconstructionStays) { try stubborn() }
    #expect(!folder.exists)
    // The name is used again meanwhile, and deleted again.
    try folder.create()
    #expect(throws: ServiceError.reconstructionStays) { try stubborn() }
    #expect(try SessionFolder.delete(session, root: root, for: deletion) == 1)
    #expect(folderNames(in: root).sorted() == [".removed", "not-x"])
    #expect(try SessionFolder.delete(session, root: root, for: deletion) == 1)
  }

  @Test func aDeletionThatWasCutShortIsFinished() throws {
    let folder = TemporaryFolder()
    let root = SessionFolder.root(stateDirectory: folder.path)
    let doomed = SessionFolder(root: root, session: try #require(SessionID("x")))
    try SessionFolder(root: "\(root)/.deleted-7-x", session: try #require(SessionID("exports"))).create()
    try doomed.create()
    _ = try Reconstructions(stateDirectory: folder.path, log: Log(name: "test", level: .error) { _ in })
    #expect(folderNames(in: root).sorted() == [".removed", "x"])
  }
}
