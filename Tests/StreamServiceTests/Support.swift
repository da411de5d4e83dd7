import FoundationEssentials
import Glibc
import Messages
import PoseEstimation
import TestFolders
import Testing
import Timing

@testable import Bus
@testable import Runtime
@testable import StreamService

/// What ffprobe says of a file.
struct Probe {
  let frames: Int
  let timestamps: [Int]
  let codec: String

  init(_ path: String) throws {
    let output = try Self.run([
      "ffprobe", "-v", "error", "-show_entries", "stream=codec_name:packet=pts", "-of", "csv=p=0", path,
    ])
    let lines = output.split(separator: "\n").map { $0.split(separator: ",").first.map(String.init) ?? "" }
    timestamps = lines.compactMap { Int($0) }
    frames = timestamps.count
    codec = lines.first { Int($0) == nil && !$0.isEmpty } ?? ""
  }

  private static func run(_ arguments: [String]) throws -> String {
    let stream = try #require(popen(arguments.joined(separator: " ") + " 2>&1", "r"))
    var text = ""
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let count = fread(&buffer, 1, buffer.count, stream), count > 0 {
      text += String(decoding: buffer[..<count], as: UTF8.self)
    }
    #expect(pclose(stream) == 0, "\(text)")
    return text
  }
}

/// A disk whose writes a test can hold up or make fail.
final class TestDisk: RecordingDisk {
  struct State: Sendable {
    var failure: DiskFailure?
    var syncFailure: DiskFailure?
    var isHeld = false
    var freeBytes: UInt64 = 1 << 40
  }

  let state = Monitor(State())

  func create(_ path: String) throws(DiskFailure) -> any RecordingFileHandle {
    try pass()
    return TestFile(disk: self, file: try LocalFile(creating: path))
  }

  func freeBytes(in folder: String) throws(DiskFailure) -> UInt64 { state.withLock { $0.freeBytes } }

  func pass() throws(DiskFailure) {
    let failure = state.wait { state -> DiskFailure?? in state.isHeld ? nil : .some(state.failure) }
    if let failure { throw failure }
  }
}

private final class TestFile: RecordingFileHandle {
  private let disk: TestDisk
  private let file: LocalFile

  init(disk: TestDisk, file: LocalFile) {
    self.disk = disk
    self.file = file
  }

  func write(_ parts: [UnsafeRawBufferPointer], at offset: Int64) throws(DiskFailure) {
    try disk.pass()
    try file.write(parts, at: offset)
  }
  var path: String { file.path }
  func truncate(to size: Int64) throws(DiskFailure) { try file.truncate(to: size) }
  func synchronize() throws(DiskFailure) {
    if let failure = disk.state.withLock({ $0.syncFailure }) { throw failure }
    try file.synchronize()
  }
}

/// A stream-svc in this process, with the test as its api-front, session-svc and edge-gateway.
final class StreamFixture {
  let folder = TemporaryFolder()
  let loop: EventLoop
  let disk = TestDisk()
  let session = SessionID("sess-1")!
  private let lines = Monitor([String]())
  private(set) var process: StreamServiceProcess!
  private(set) var context: ServiceContext!
  private var bus: BusContext!
  private(set) var front: DuplexClient!
  private(set) var client: RequestClient!
  private var observationSocket: PullSocket!
  private var reportSocket: PullSocket!
  /// Text messages that came down, by link.
  private(set) var texts: [UInt64: [String]] = [:]
  private(set) var reopened: [UInt64] = []
  private(set) var closedDown: [UInt64: ServiceError] = [:]
  private(set) var pongs: [[UInt8]] = []
  private(set) var observations: [Observation2D] = []
  private(set) var reports: [DeviceReport] = []

  init(maker: (any PoseEstimatorMaker)? = nil) throws {
    loop = try EventLoop()
    let settings = try Settings(environment: [
      "AXOLOTL_BUS_DIRECTORY": folder.path + "/bus", "STATE_DIRECTORY": folder.path + "/state",
      "AXOLOTL_RECORDINGS_DIRECTORY": folder.path + "/rec", "AXOLOTL_POSE_THREADS": maker == nil ? "0" : "1",
      "AXOLOTL_DISK_RESERVE_MB": "10",
    ])
    let log = Log(name: "stream-svc@1", level: .warning) { [lines] line in lines.change { $0.append(line) } }
    context = ServiceContext(service: .streamService, instance: 1, settings: settings, log: log, loop: loop)
    bus = try BusContext(loop: loop, directory: folder.path + "/bus", log: log, metrics: Metrics())
    observationSocket = try PullSocket(bus, at: .observations, highWaterMark: 1000) { [unowned self] parts in
      if let seen = try? parts[0].withUnsafeBytes({ b throws(DecodingFailure) in try Observation2D(decoding: b) }) {
        observations.append(seen)
      }
    }
    reportSocket = try PullSocket(bus, at: .deviceReports, highWaterMark: 1000) { [unowned self] parts in
      if let report = try? JSONDecoder().decode(DeviceReport.self, from: Data(parts[0].bytes)) {
        reports.append(report)
      }
    }
    process = try StreamServiceProcess(context, disk: disk, maker: maker ?? NoPoses())
    client = try RequestClient(bus, .stream(instance: 1), of: .streamService)
    front = try DuplexClient(bus, to: .phoneLinks(instance: 1), highWaterMark: 10_000) { [unowned self] parts in
      receive(parts)
    }
  }

  deinit {
    disk.state.change { $0 = TestDisk.State() }
    context.stop()
  }

  func key(_ device: String) -> DeviceKey { DeviceKey(session: session, device: DeviceID(device)!) }

  func send(_ kind: PhoneLinkKind, _ link: UInt64, _ payload: [UInt8]? = nil) {
    let header = BusMessage(PhoneLinkHeader(kind: kind, link: link, at: loop.time.now()).encoded())
    #expect(front.send(payload.map { [header, BusMessage($0)] } ?? [header]))
  }

  /// Opens a link, says hello and exchanges clocks, so that frames are recorded at once. DeviceTime is SessionTime.
  func connect(_ device: String, link: UInt64, hello: String = #"{"type":"hello"}"#) throws {
    let opening = PhoneLinkOpen(
      key: key(device), transport: .websocket, metadata: DeviceMetadata(), mode: .threeD,
      anchor: UTCAnchor(readFrom: loop.time))
    send(.open, link, Array(try JSONEncoder().encode(opening)))
    send(.text, link, Array(hello.utf8))
    try pump { texts[link]?.contains { $0.contains("welcome") } ?? false }
    exchangeClocks(link)
  }

  func exchangeClocks(_ link: UInt64) {
    let now = loop.time.now()
    let sample = ClockSample(
      deviceSent: DeviceTime(microseconds: now.microseconds - 400), serverReceived: now + -200, serverSent: now + -190,
      deviceReceived: DeviceTime(microseconds: now.microseconds))
    send(.clockSample, link, sample.encoded())
  }

  func sendFrame(_ sequence: UInt32, _ link: UInt64, capturedAgo: Int64 = 0) {
    send(.frame, link, SampleFrames.bytes(sequence, captured: loop.time.now().microseconds - capturedAgo))
  }

  /// Runs the loop until `condition` holds; a test that waits in vain fails after ten seconds.
  func pump(_ what: Comment = "", until condition: () -> Bool) throws {
    let deadline = loop.time.now().advanced(by: .seconds(10))
    while !condition() {
      try #require(loop.time.now() < deadline, what)
      loop.runOnce(waitingAtMost: .milliseconds(5))
    }
  }

  /// The highest acknowledgement that came down a link.
  func acknowledged(_ link: UInt64) -> Int {
    (texts[link] ?? []).compactMap { text in
      guard text.hasPrefix(#"{"type":"ack","seq":"#) else { return nil }
      return Int(text.dropFirst(20).dropLast())
    }.max() ?? 0
  }

  func errors(_ link: UInt64) -> [String] {
    (texts[link] ?? []).compactMap { text in
      struct Message: Decodable {
        let type: String
        let code: String?
      }
      return (try? JSONDecoder().decode(Message.self, from: Data(text.utf8)))?.code
    }
  }

  /// What was logged, warnings and errors.
  var logged: [String] { lines.withLock { $0 } }

  func forgetTexts() { texts = [:] }

  /// The index files of a device, read back.
  func segments(_ device: String) throws -> [StoredSegment] {
    let path = "\(folder.path)/rec/\(session.text)/\(device)"
    return try segmentNumbers(in: path).compactMap { try SegmentRecovery(number: $0, folder: path).read() }
  }

  /// A segment's times as they were corrected afterwards.
  func correctedTimes(_ device: String, _ number: Int) throws -> CorrectedTimes {
    let path = "\(folder.path)/rec/\(session.text)/\(device)/\(SegmentPlace.name(number)).times"
    let file = try LocalFile(opening: path, flags: O_RDONLY)
    return try file.read(Int(try file.size()), at: 0).withUnsafeBytes { try CorrectedTimes(decoding: $0) }
  }

  func moviePath(_ device: String, _ number: Int) -> String {
    "\(folder.path)/rec/\(session.text)/\(device)/\(SegmentPlace.name(number)).mkv"
  }

  private func receive(_ parts: [BusMessage]) {
    guard let header = try? parts[0].withUnsafeBytes({ b throws(DecodingFailure) in try PhoneLinkHeader(decoding: b) })
    else { return }
    let payload = parts.count > 1 ? parts[1].bytes : []
    switch header.kind {
    case .textDown: texts[header.link, default: []].append(String(decoding: payload, as: UTF8.self))
    case .reopen: reopened.append(header.link)
    case .pong: pongs.append(payload)
    case .closeDown: closedDown[header.link] = try? JSONDecoder().decode(ServiceError.self, from: Data(payload))
    default: Issue.record("unexpected \(header.kind)")
    }
  }
}

private struct NoPoses: PoseEstimatorMaker {
  func makeEstimator() throws(PoseError) -> any PoseEstimator { throw .modelMissing(path: "none") }
}

extension StreamFixture {
  /// - Parameter made: when the session was made; nil is now.
  func opening(_ device: String, made: UTCAnchor? = nil) throws -> Data {
    try JSONEncoder().encode(
      PhoneLinkOpen(
        key: key(device), transport: .websocket, metadata: DeviceMetadata(), mode: .threeD,
        anchor: made ?? UTCAnchor(readFrom: loop.time)))
  }

  /// Asks the service over the bus.
  func ask<Request: ServiceRequest>(_ request: Request) throws -> Request.Reply {
    var outcome: Result<Request.Reply, ServiceError>?
    client.send(request) { outcome = $0 }
    try pump { outcome != nil }
    return try #require(outcome).get()
  }
}
