import Messages
import Timing

@testable import StreamService

/// The input is a script: what comes from a phone's unordered channel, in which order, and when.
///
/// A step is a byte for its kind and the bytes that it takes:
///
/// | kind, modulo 4 | takes | does |
/// |---|---|---|
/// | 0 | length, that many bytes | a message of these bytes |
/// | 1 | sequence, length, count, index | a good fragment |
/// | 2 | sequence, length, count, index | the same with another width than the frame's others |
/// | 3 | tens of milliseconds | time goes on |
enum FragmentsTarget {
  static func run(_ script: UnsafeRawBufferPointer) -> Int32 {
    var play = FragmentPlay()
    var reader = ByteReader(script)
    while (try? play.step(&reader)) != nil {}
    play.finish()
    return inputServed
  }
}

/// One assembler and what is known of the fragments that it was given.
private struct FragmentPlay {
  private typealias Assembler = FragmentAssembler<[UInt8]>
  /// Small, so that short scripts come to them.
  private static let limits = Assembler.Limits(bytes: 2000, frames: 4, age: .milliseconds(500))
  private static let lastSequence: UInt32 = 1_000_000

  private var assembler = Assembler(limits: Self.limits)
  private var now = SessionTime.zero
  /// Frames of which foreign bytes came: only their length can be foretold.
  private var tainted: Set<UInt32> = []

  mutating func step(_ reader: inout ByteReader) throws(DecodingFailure) {
    let kind: UInt8 = try reader.integer()
    switch kind % 4 {
    case 0:
      let length: UInt8 = try reader.integer()
      var message: [UInt8] = []
      for _ in 0..<length { message.append(try reader.integer()) }
      message.withUnsafeBytes { takeMessage($0) }
    case 1, 2:
      let sequence = UInt32(try reader.integer(UInt8.self)) % 8 + 1
      let length = Int(try reader.integer(UInt8.self)) + 1
      let count = Int(try reader.integer(UInt8.self)) + 1
      let index = Int(try reader.integer(UInt8.self)) % count
      let header = Self.header(sequence, length, index, count, width: kind % 4 == 1 ? 4 : 5)
      add(header, Self.piece(sequence, length, index, count))
    default: now = now.advanced(by: .milliseconds(10 * Int(try reader.integer(UInt8.self))))
    }
  }

  private mutating func takeMessage(_ message: UnsafeRawBufferPointer) {
    guard let header = try? FrameHeader(decoding: message), header.sequence < Self.lastSequence else { return }
    tainted.insert(header.sequence)
    add(header, Array(message.dropFirst(FrameHeader.size)))
  }

  private mutating func add(_ header: FrameHeader, _ piece: [UInt8]) {
    let before = (assembler.framesHeld, assembler.bytesHeld)
    let outcome = try? assembler.add(header, piece, bytes: piece.count, arrived: now)
    if case .complete(let whole, let pieces, let arrived) = outcome {
      let bytes = pieces.flatMap { $0 }
      hold(pieces.count == header.fragmentCount, "\(pieces.count) pieces of \(header.fragmentCount)")
      hold(whole.fragmentCount == 1 && whole.sequence == header.sequence, "a frame with another's header")
      hold(bytes.count == whole.payloadLength, "\(bytes.count) bytes of \(whole.payloadLength)")
      hold(arrived <= now && now - arrived <= 500_000, "a frame that is too old")
      hold(assembler.framesHeld <= before.0 && assembler.bytesHeld <= before.1, "a whole frame that is still held")
      if !tainted.contains(whole.sequence) {
        hold(bytes == Self.payload(whole.sequence, bytes.count), "a frame that is not what was sent")
      }
    }
    hold(assembler.framesHeld <= Self.limits.frames, "\(assembler.framesHeld) frames are held")
    hold((0...Self.limits.bytes).contains(assembler.bytesHeld), "\(assembler.bytesHeld) bytes are held")
    hold((assembler.framesHeld == 0) == (assembler.bytesHeld == 0), "bytes without a frame, or a frame without bytes")
  }

  /// Whatever came before: a good frame still gets through, and time clears the rest.
  mutating func finish() {
    let (sequence, length, count) = (Self.lastSequence, 300, 3)
    var whole: [UInt8]?
    for index in [2, 0, 1] {
      let outcome = try? assembler.add(
        Self.header(sequence, length, index, count), Self.piece(sequence, length, index, count), bytes: 100,
        arrived: now)
      hold(whole == nil && outcome != nil, "a good fragment that is refused")
      if case .complete(_, let pieces, _) = outcome { whole = pieces.flatMap { $0 } }
    }
    hold(whole == Self.payload(sequence, length), "a good frame does not get through")
    assembler.giveUp(olderThan: now.advanced(by: .milliseconds(501)))
    hold(assembler.framesHeld == 0 && assembler.bytesHeld == 0, "frames that outlive their age")
  }

  // MARK: What a phone sends

  private static func header(
    _ sequence: UInt32, _ length: Int, _ index: Int, _ count: Int, width: UInt16 = 4
  ) -> FrameHeader {
    FrameHeader(
      width: width, height: 4, sequence: sequence, captured: DeviceTime(microseconds: Int64(sequence)),
      payloadLength: UInt32(length), fragmentIndex: UInt16(index), fragmentCount: UInt16(count))
  }

  /// Bytes that tell their frame and their place.
  private static func payload(_ sequence: UInt32, _ length: Int) -> [UInt8] {
    (0..<length).map { UInt8(truncatingIfNeeded: Int(sequence) &* 31 &+ length &* 7 &+ $0) }
  }

  private static func piece(_ sequence: UInt32, _ length: Int, _ index: Int, _ count: Int) -> [UInt8] {
    Array(payload(sequence, length)[(length * index / count)..<(length * (index + 1) / count)])
  }
}
