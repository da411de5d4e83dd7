/// Which frames of one device are on disk, on their way there, or given up: a pure value.
///
/// The acknowledgement is the highest number up to which nothing is missing, so the ledger is also what the phone's
/// resending hangs on. It is rebuilt from the index files after a restart (`init(recorded:)`).
public struct SequenceLedger: Equatable, Sendable {
  /// Why a sequence number is not accepted.
  public enum Refusal: Error, Equatable, Sendable {
    /// On disk already, or queued for it. Costs nothing but a counter.
    case duplicate
    /// Further ahead of everything seen than any break explains.
    case tooFarAhead(limit: UInt32)
    /// The recording already has as many gaps as the ledger will remember; the missing frames must come first.
    case tooManyGaps
  }

  /// One hour at 60 fps.
  public static let maximumLead: UInt32 = 216_000
  public static let maximumRanges = 4096

  /// On disk.
  public private(set) var recorded: SequenceSet
  /// Accepted, with a recorder.
  public private(set) var inFlight = SequenceSet()
  /// On disk, or known never to come: what an acknowledgement may run over.
  private var settled: SequenceSet

  public init(recorded: SequenceSet = SequenceSet()) {
    self.recorded = recorded
    settled = recorded
  }

  /// The device's folder was opened anew: the disk is the truth, and what was given up stays so.
  public mutating func reopen(recorded: SequenceSet) {
    self.recorded = recorded
    inFlight = SequenceSet()
    for range in recorded.ranges { settled.formUnion(range) }
  }

  /// Everything up to and including this number is on disk or given up; 0 when nothing is.
  public var acknowledged: UInt32 { settled.end(ofRangeHolding: 1) ?? 0 }

  /// The first number that the phone should send.
  public var nextWanted: UInt32 { acknowledged == .max ? .max : acknowledged + 1 }

  public var highestSeen: UInt32 { max(settled.highest ?? 0, inFlight.highest ?? 0) }

  /// Numbers below the highest one seen that are neither on disk nor on their way.
  public var missing: Int { max(0, Int(highestSeen) - recorded.count - inFlight.count) }

  /// Numbers that nobody waits for any more and that are not on disk.
  public var lost: Int { settled.count - recorded.count }

  /// Takes a frame in, or says why not.
  public mutating func accept(_ sequence: UInt32) -> Refusal? {
    guard !recorded.contains(sequence), !inFlight.contains(sequence) else { return .duplicate }
    guard sequence <= highestSeen || sequence - highestSeen <= Self.maximumLead else {
      return .tooFarAhead(limit: Self.maximumLead)
    }
    let opensGap = !recorded.touches(sequence) && !inFlight.touches(sequence)
    guard !opensGap || recorded.ranges.count + inFlight.ranges.count < Self.maximumRanges else {
      return .tooManyGaps
    }
    inFlight.insert(sequence)
    return nil
  }

  /// Both files hold it now.
  public mutating func markRecorded(_ sequence: UInt32) {
    inFlight.remove(sequence)
    recorded.insert(sequence)
    settled.insert(sequence)
  }

  /// It could not be written: the phone must send it again.
  public mutating func markFailed(_ sequence: UInt32) { inFlight.remove(sequence) }

  /// The phone no longer has these: nobody waits for them any more. What is on its way to disk still counts when it
  /// gets there, and one that comes after all is recorded like any other.
  public mutating func giveUp(_ range: ClosedRange<UInt32>) {
    let upper = min(range.upperBound, highestSeen + min(Self.maximumLead, .max - highestSeen))
    guard range.lowerBound <= upper else { return }
    var lower = range.lowerBound
    for flying in inFlight.ranges where flying.upperBound >= lower && flying.lowerBound <= upper {
      if flying.lowerBound > lower { settled.formUnion(lower...(flying.lowerBound - 1)) }
      guard flying.upperBound < upper else { return }
      lower = flying.upperBound + 1
    }
    settled.formUnion(lower...upper)
  }

  /// What a phone says in `hello`: the oldest frame that it still holds, nil when it holds none.
  public mutating func phoneHolds(from oldest: UInt32?) {
    let end = oldest.map { $0 - min($0, 1) } ?? highestSeen
    guard end >= 1 else { return }
    giveUp(1...end)
  }
}
