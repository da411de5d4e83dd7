import Messages
import Reconstruction
import Timing

/// Phones that film a joint at constant speed, each at its own phase, and whose observations arrive after a delay.
struct SimulatedPhones {
  /// Phones that send nothing for now.
  var silent: Set<Int> = []
  private(set) var now = SessionTime(microseconds: 1_000_000)
  private(set) var emitted: [(set: AlignedSet, at: SessionTime)] = []

  private let period: Int64
  private let jitter: Int64
  private var frame: Int64 = 0
  private var nextCapture: [Int64]

  /// - Parameter jitter: how far captures stray from their even times at most.
  init(phases: [Int64], period: Int64, jitter: Int64 = 0) {
    self.period = period
    self.jitter = jitter
    nextCapture = phases.map { 1_000_000 + $0 }
  }

  /// Pixels.
  static func position(at time: SessionTime) -> Double { Double(time.microseconds - 1_000_000) * 1e-4 }

  static func observation(
    _ phone: Int, time: Int64, confidence: Float = 0.9, isEmpty: Bool = false
  ) -> Observation2D {
    let captured = SessionTime(microseconds: time)
    let joint = Observation2D.Joint(
      x: Float(position(at: SessionTime(microseconds: max(0, min(time, 1 << 50))))), y: 500, confidence: confidence)
    return Observation2D(
      key: DeviceKey(session: SessionID("test")!, device: DeviceID("phone-\(phone)")!), sequence: 1,
      captured: captured, clockErrorBoundMicroseconds: 400 + UInt32(phone), recorded: captured, width: 720,
      height: 1280, score: 0.9,
      joints: isEmpty ? [] : Array(repeating: joint, count: Observation2D.jointCount))
  }

  /// Lets time pass in steps of a millisecond. Answers the sets that came out.
  mutating func run(_ aligner: inout Aligner, seconds: Int, delay: Int64) -> [AlignedSet] {
    let before = emitted.count
    for _ in 0..<seconds * 1000 {
      now = now + 1000
      for phone in nextCapture.indices {
        while nextCapture[phone] + delay <= now.microseconds {
          // Even, but without a pattern that matters here.
          frame += 1
          let stray = jitter == 0 ? 0 : (frame * 7919) % (2 * jitter + 1) - jitter
          if !silent.contains(phone) {
            aligner.insert(Self.observation(phone, time: nextCapture[phone] + stray), now: now)
          }
          nextCapture[phone] += period
        }
      }
      emitted += aligner.poll(now: now).map { ($0, now) }
    }
    return emitted[before...].map(\.set)
  }

  /// Nothing happens for so long.
  mutating func skip(seconds: Int64) {
    now = now + seconds * 1_000_000
    nextCapture = nextCapture.map { $0 + seconds * 1_000_000 }
  }
}
