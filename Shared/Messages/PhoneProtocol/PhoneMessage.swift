import FoundationEssentials
import Timing

/// A text message from a phone (PROTOCOL.md, "Text messages").
public enum PhoneMessage: Equatable, Sendable {
  /// First on every connection. `oldestSequence`: the oldest frame the phone still holds, nil when it holds none.
  case hello(oldestSequence: UInt32?)
  case clock(ClockRequest)
  /// The phone gave up these sequence numbers; nobody waits for them any more.
  case dropped(from: UInt32, through: UInt32)
  /// How the phone is: page in front or not, and how it knows when pictures were taken.
  case condition(PhoneCondition)
  /// Trickle ICE: `candidate:…` of the WebRTC connection that the phone is making meanwhile.
  case candidate(String)
  /// A frame as JSON, for clients that cannot send binary.
  case frame(JSONFrame)

  /// Longest text message accepted, base64 frames aside.
  public static let maximumControlBytes = 4096

  /// Reads one text message. Unknown types and missing fields are refused.
  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    let data = Data(bytes)
    let decoder = JSONDecoder()
    do {
      let envelope = try decoder.decode(Envelope.self, from: data)
      guard envelope.type == "frame" || bytes.count <= Self.maximumControlBytes else {
        throw DecodingFailure.tooLarge(field: envelope.type, limit: Self.maximumControlBytes)
      }
      switch envelope.type {
      case "hello": self = .hello(oldestSequence: try decoder.decode(Hello.self, from: data).oldestSequence)
      case "clock": self = .clock(try decoder.decode(ClockRequest.self, from: data))
      case "dropped":
        let range = try decoder.decode(Dropped.self, from: data)
        guard range.from > 0, range.from <= range.through else { throw DecodingFailure.invalid(field: "from") }
        self = .dropped(from: range.from, through: range.through)
      case "condition":
        self = .condition(try decoder.decode(PhoneCondition.self, from: data))
      case "candidate": self = .candidate(try decoder.decode(Candidate.self, from: data).candidate)
      case "frame": self = .frame(try decoder.decode(JSONFrame.self, from: data))
      default: throw DecodingFailure.unknownValue(field: "type")
      }
    } catch let failure as DecodingFailure {
      throw failure
    } catch let DecodingError.keyNotFound(key, _) {
      throw .invalid(field: key.stringValue)
    } catch {
      throw .invalid(field: "message")
    }
  }

  private struct Envelope: Decodable { let type: String }
  private struct Hello: Decodable {
    let oldestSequence: UInt32?
    enum CodingKeys: String, CodingKey { case oldestSequence = "oldest_seq" }
  }
  private struct Candidate: Decodable { let candidate: String }
  private struct Dropped: Decodable {
    let from: UInt32
    let through: UInt32
  }
}

/// A phone's half of a clock exchange; it brings the previous one, now complete.
public struct ClockRequest: Codable, Equatable, Sendable {
  public struct Previous: Codable, Equatable, Sendable {
    public let id: UInt32
    public let t0: Int64
    public let t1: Int64
    public let t2: Int64
    public let t3: Int64

    public var sample: ClockSample {
      ClockSample(
        deviceSent: DeviceTime(microseconds: t0), serverReceived: SessionTime(microseconds: t1),
        serverSent: SessionTime(microseconds: t2), deviceReceived: DeviceTime(microseconds: t3))
    }
  }

  public let id: UInt32
  /// DeviceTime µs at which the phone sent this.
  public let t0: Int64
  public let prev: Previous?

  public init(id: UInt32, t0: Int64, prev: Previous?) {
    self.id = id
    self.t0 = t0
    self.prev = prev
  }
}

/// A frame whose payload is base64 in JSON.
public struct JSONFrame: Codable, Equatable, Sendable {
  public let sequence: UInt32
  public let capturedMicroseconds: Int64
  public let width: UInt16
  public let height: UInt16
  /// Decoded payload.
  public let data: Data

  enum CodingKeys: String, CodingKey {
    case sequence = "seq"
    case capturedMicroseconds = "ts_device_us"
    case width, height, data
  }

  /// The same frame as the bytes a binary client would have sent.
  public func encodedFrame() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: FrameHeader.size + data.count)
    FrameHeader(
      width: width, height: height, sequence: sequence, captured: DeviceTime(microseconds: capturedMicroseconds),
      payloadLength: UInt32(truncatingIfNeeded: data.count)
    ).encode(into: &writer)
    data.withUnsafeBytes { writer.append($0) }
    return writer.bytes
  }
}
