import Testing
import Timing

@testable import Messages

/// Golden bytes: these layouts never change; a new meaning gets a new magic.
struct LayoutTests {
  static let key = DeviceKey(session: SessionID("s1")!, device: DeviceID("cam01")!)

  static let header = FrameHeader(
    width: 720, height: 1280, sequence: 7, captured: DeviceTime(microseconds: -2), payloadLength: 3)

  static var frame: [UInt8] {
    var writer = ByteWriter()
    header.encode(into: &writer)
    return writer.bytes + [1, 2, 3]
  }

  @Test func aFrameHeaderIs32Bytes() throws {
    let golden: [UInt8] = [
      0x41, 0x58, 0x46, 0x31, 1, 1, 0xD0, 0x02, 0x00, 0x05, 0, 0, 7, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
      0xFF, 0xFF, 3, 0, 0, 0, 0, 0, 1, 0,
    ]
    #expect(Self.frame == golden + [1, 2, 3])
    let decoded = try Self.frame.withUnsafeBytes { try FrameHeader.decodeWhole($0) }
    #expect(decoded.header == Self.header)
  }

  @Test func everyTruncationOfAFrameIsRefused() {
    for length in 0..<Self.frame.count {
      let part = Array(Self.frame.prefix(length))
      #expect(throws: DecodingFailure.self) { try part.withUnsafeBytes { _ = try FrameHeader.decodeWhole($0) } }
    }
    #expect(throws: DecodingFailure.trailingBytes(1)) {
      try (Self.frame + [0]).withUnsafeBytes { _ = try FrameHeader.decodeWhole($0) }
    }
  }

  @Test(
    arguments: [
      (4, 9, DecodingFailure.unknownValue(field: "codec")), (5, 2, .unknownValue(field: "flags")),
      (10, 1, .invalid(field: "reserved")), (12, 0, .invalid(field: "sequence")),
      (28, 1, .invalid(field: "fragment")), (0, 0, .wrongMagic),
      (27, 0x7F, .tooLarge(field: "payload", limit: FrameHeader.maximumPayload)),
    ] as [(Int, UInt8, DecodingFailure)])
  func aWrongFieldIsRefusedByName(offset: Int, value: UInt8, failure: DecodingFailure) {
    var bytes = Self.frame
    bytes[offset] = value
    #expect(throws: failure) { try bytes.withUnsafeBytes { _ = try FrameHeader(decoding: $0) } }
  }

  @Test func aPhoneLinkHeaderIs24Bytes() throws {
    let header = PhoneLinkHeader(kind: .reopen, link: 0x0102, at: SessionTime(microseconds: 5))
    let golden: [UInt8] = [
      0x41, 0x58, 0x4C, 0x31, 18, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0,
    ]
    #expect(header.encoded() == golden)
    #expect(try golden.withUnsafeBytes { try PhoneLinkHeader(decoding: $0) } == header)
    #expect(throws: DecodingFailure.trailingBytes(1)) {
      try (golden + [0]).withUnsafeBytes { _ = try PhoneLinkHeader(decoding: $0) }
    }
  }

  @Test func observationsAndPosesSurviveTheWire() throws {
    let joints = (0..<33).map { Observation2D.Joint(x: Float($0), y: 2, confidence: 0.5) }
    let observation = Observation2D(
      key: Self.key, sequence: 9, captured: SessionTime(microseconds: 11), clockErrorBoundMicroseconds: 400,
      recorded: SessionTime(microseconds: 12), width: 720, height: 1280, score: 0.9, joints: joints)
    let bytes = observation.encoded()
    #expect(bytes.count == 4 + 3 + 6 + 4 + 8 + 4 + 8 + 4 + 4 + 1 + 33 * 12)
    #expect(try bytes.withUnsafeBytes { try Observation2D(decoding: $0) } == observation)
    let pose = Pose3D(
      session: Self.key.session, time: SessionTime(microseconds: 3), clockErrorBoundMicroseconds: 1, cameras: 4,
      joints: Array(
        repeating: Pose3D.Joint(x: 1, y: 2, z: 3, confidence: 1, reprojectionErrorPx: 2, views: 4), count: 33))
    let poseBytes = pose.encoded()
    #expect(poseBytes.count == 4 + 3 + 8 + 4 + 1 + 1 + 33 * 21)
    #expect(try poseBytes.withUnsafeBytes { try Pose3D(decoding: $0) } == pose)
    for message in [bytes, poseBytes] {
      for length in stride(from: 0, to: message.count, by: 7) {
        let part = Array(message.prefix(length))
        #expect(throws: DecodingFailure.self) { try part.withUnsafeBytes { _ = try Observation2D(decoding: $0) } }
        #expect(throws: DecodingFailure.self) { try part.withUnsafeBytes { _ = try Pose3D(decoding: $0) } }
      }
    }
  }

  @Test func notANumberIsRefused() {
    let joints = Array(repeating: Observation2D.Joint(x: .nan, y: 0, confidence: 0), count: 33)
    let observation = Observation2D(
      key: Self.key, sequence: 1, captured: .zero, clockErrorBoundMicroseconds: 0, recorded: .zero, width: 1,
      height: 1, score: 0, joints: joints)
    #expect(throws: DecodingFailure.invalid(field: "x")) {
      try observation.encoded().withUnsafeBytes { _ = try Observation2D(decoding: $0) }
    }
  }

  @Test func aClockSampleSurvivesTheWire() throws {
    let sample = ClockSample(
      deviceSent: DeviceTime(microseconds: 1), serverReceived: SessionTime(microseconds: 2),
      serverSent: SessionTime(microseconds: 3), deviceReceived: DeviceTime(microseconds: 4))
    #expect(sample.encoded().count == ClockSample.encodedSize)
    #expect(try sample.encoded().withUnsafeBytes { try ClockSample(decoding: $0) } == sample)
  }
}
