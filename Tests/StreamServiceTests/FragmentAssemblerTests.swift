import Messages
import Testing
import Timing

@testable import StreamService

/// Fragments in any order, twice, or not at all.
@Suite struct FragmentAssemblerTests {
  typealias Assembler = FragmentAssembler<[UInt8]>

  private func header(
    _ sequence: UInt32, _ length: Int, _ index: Int = 0, _ count: Int = 1, captured: Int64 = 7
  ) -> FrameHeader {
    FrameHeader(
      width: 4, height: 4, sequence: sequence, captured: DeviceTime(microseconds: captured),
      payloadLength: UInt32(length), fragmentIndex: UInt16(index), fragmentCount: UInt16(count))
  }

  private func payload(_ count: Int, _ seed: UInt64) -> [UInt8] {
    var random = SplitMix(state: seed)
    return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
  }

  private func pieces(of payload: [UInt8], _ size: Int) -> [[UInt8]] {
    stride(from: 0, to: payload.count, by: size).map { Array(payload[$0..<min($0 + size, payload.count)]) }
  }

  private func add(
    _ assembler: inout Assembler, _ header: FrameHeader, _ piece: [UInt8], at: Int64 = 0
  ) throws(Assembler.Refusal) -> [UInt8]? {
    let outcome = try assembler.add(header, piece, bytes: piece.count, arrived: SessionTime(microseconds: at))
    guard case .complete(let whole, let pieces, _) = outcome else { return nil }
    #expect(whole.fragmentCount == 1 && whole.fragmentIndex == 0 && whole.sequence == header.sequence)
    return pieces.flatMap { $0 }
  }

  @Test func aFrameInOnePieceIsThereAtOnce() throws {
    var assembler = Assembler()
    #expect(try add(&assembler, header(1, 3), [1, 2, 3]) == [1, 2, 3])
    #expect(assembler.framesHeld == 0 && assembler.bytesHeld == 0)
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func shuffledAndDoubledFragmentsOfManyFramesComeOutWhole(seed: UInt64) throws {
    var random = SplitMix(state: seed)
    var frames: [UInt32: [UInt8]] = [:]
    var fragments: [(FrameHeader, [UInt8])] = []
    for sequence in 1...10 as ClosedRange<UInt32> {
      let bytes = payload(Int.random(in: 1...5000, using: &random), seed &* 31 &+ UInt64(sequence))
      frames[sequence] = bytes
      let cut = pieces(of: bytes, Int.random(in: 7...900, using: &random))
      fragments += cut.enumerated().map { (header(sequence, bytes.count, $0.offset, cut.count), $0.element) }
    }
    // Each comes once, some of them once more in front of their first time: a frame that is sent again.
    let again = fragments.filter { $0.0.fragmentCount > 1 && Bool.random(using: &random) }
    var assembler = Assembler()
    var complete: [UInt32: [UInt8]] = [:]
    for (header, piece) in (again + fragments).shuffled(using: &random) {
      do {
        guard let bytes = try add(&assembler, header, piece) else { continue }
        // A second one can only come from a second set of all its fragments.
        #expect(bytes == frames[header.sequence])
        complete[header.sequence] = bytes
      } catch {
        #expect(error == .duplicate)
      }
    }
    #expect(complete == frames)
  }

  @Test func aLostFragmentCostsItsFrameAndNoOther() throws {
    var assembler = Assembler(limits: .init(age: .seconds(1)))
    let bytes = payload(300, 1)
    let cut = pieces(of: bytes, 100)
    for index in [0, 2] { #expect(try add(&assembler, header(1, 300, index, 3), cut[index]) == nil) }
    for index in [2, 0, 1] {
      let whole = try add(&assembler, header(2, 300, index, 3), cut[index], at: 500_000)
      #expect((whole == bytes) == (index == 1))
    }
    #expect(assembler.framesHeld == 1 && assembler.bytesHeld == 200)
    assembler.giveUp(olderThan: SessionTime(microseconds: 1_000_001))
    #expect(assembler.framesHeld == 0 && assembler.bytesHeld == 0 && assembler.framesGivenUp == 1)
  }

  @Test func aFrameSentAgainIsCompletedByWhatWasMissing() throws {
    var assembler = Assembler()
    let cut = pieces(of: payload(300, 2), 100)
    #expect(try add(&assembler, header(1, 300, 0, 3), cut[0]) == nil)
    #expect(try add(&assembler, header(1, 300, 2, 3), cut[2]) == nil)
    #expect(throws: Assembler.Refusal.duplicate) { try add(&assembler, header(1, 300, 0, 3), cut[0]) }
    #expect(try add(&assembler, header(1, 300, 1, 3), cut[1]) == cut.flatMap { $0 })
  }

  @Test func theFrameArrivedWithItsFirstFragment() throws {
    var assembler = Assembler()
    _ = try add(&assembler, header(1, 2, 1, 2), [2], at: 100)
    let outcome = try assembler.add(header(1, 2, 0, 2), [1], bytes: 1, arrived: SessionTime(microseconds: 900))
    guard case .complete(_, let pieces, let arrived) = outcome else {
      Issue.record("not complete")
      return
    }
    #expect(pieces == [[1], [2]] && arrived == SessionTime(microseconds: 100))
  }

  @Test func headersThatDoNotAgreeGiveTheFrameUp() throws {
    let unlike = [
      header(1, 300, 1, 4), header(1, 299, 1, 3), header(1, 300, 1, 3, captured: 8),
      FrameHeader(
        width: 5, height: 4, sequence: 1, captured: DeviceTime(microseconds: 7), payloadLength: 300, fragmentIndex: 1,
        fragmentCount: 3),
    ]
    for other in unlike {
      var assembler = Assembler()
      #expect(try add(&assembler, header(1, 300, 0, 3), Array(repeating: 0, count: 100)) == nil)
      #expect(throws: Assembler.Refusal.inconsistent) {
        try add(&assembler, other, Array(repeating: 0, count: 100))
      }
      #expect(assembler.framesHeld == 0 && assembler.bytesHeld == 0)
    }
  }

  @Test func lengthsThatCannotBeAreRefused() throws {
    var assembler = Assembler()
    #expect(throws: Assembler.Refusal.wrongLength) { try add(&assembler, header(1, 3), [1, 2]) }
    #expect(throws: Assembler.Refusal.wrongLength) { try add(&assembler, header(1, 3, 0, 2), []) }
    #expect(throws: Assembler.Refusal.wrongLength) { try add(&assembler, header(1, 3, 0, 2), [1, 2, 3, 4]) }
    // Nothing would be left for the second.
    #expect(throws: Assembler.Refusal.wrongLength) { try add(&assembler, header(1, 3, 0, 2), [1, 2, 3]) }
    #expect(try add(&assembler, header(2, 4, 0, 2), [1, 2]) == nil)
    #expect(throws: Assembler.Refusal.wrongLength) { try add(&assembler, header(2, 4, 1, 2), [3]) }
    #expect(throws: Assembler.Refusal.tooManyFragments(limit: 1024)) {
      try add(&assembler, header(3, 4000, 0, 1025), [1])
    }
    #expect(assembler.framesHeld == 0 && assembler.bytesHeld == 0)
  }

  @Test func bytesAndFramesAreBounded() throws {
    var assembler = Assembler(limits: .init(bytes: 1000, frames: 4))
    for sequence in 1...50 as ClosedRange<UInt32> {
      _ = try add(&assembler, header(sequence, 600, 0, 2), Array(repeating: 0, count: 300))
      #expect(assembler.bytesHeld <= 1000 && assembler.framesHeld <= 4)
    }
    #expect(assembler.framesHeld == 3 && assembler.framesGivenUp == 47)
    for sequence in 100...110 as ClosedRange<UInt32> { _ = try add(&assembler, header(sequence, 2, 0, 2), [1]) }
    #expect(assembler.framesHeld == 4)
  }
}

/// A small generator with a seed, for tests that repeat.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
