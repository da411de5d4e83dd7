import Glibc

/// A low-pass filter that yields to fast movement (Casiez, Roussel, Vogel: 1€ Filter, CHI 2012), with MediaPipe's
/// scaling of speed by the size of what moves.
struct OneEuroFilter: Equatable, Sendable {
  struct Settings: Equatable, Sendable {
    /// Hz, for what stands still.
    var minimumCutoff: Double
    /// How much of the speed (sizes per second) is added to the cutoff.
    var beta: Double
    /// Hz, for the speed itself.
    var speedCutoff: Double
  }

  let settings: Settings
  private var state: State?

  private struct State: Equatable, Sendable {
    var raw: Float
    var filtered: Float
    var speed: Float
  }

  init(_ settings: Settings) { self.settings = settings }

  /// The filtered value. The first value is taken as it is.
  ///
  /// - Parameters:
  ///   - seconds: since the last value; must be positive after the first.
  ///   - scale: the inverse of the size of what moves.
  mutating func apply(_ value: Float, after seconds: Double, scale: Double) -> Float {
    guard let last = state else {
      state = State(raw: value, filtered: value, speed: 0)
      return value
    }
    let speed = Float(Double(value - last.raw) * scale / seconds)
    let speedWeight = Self.weight(settings.speedCutoff, seconds)
    let smoothSpeed = speedWeight * speed + (1 - speedWeight) * last.speed
    let weight = Self.weight(settings.minimumCutoff + settings.beta * Double(abs(smoothSpeed)), seconds)
    let filtered = weight * value + (1 - weight) * last.filtered
    state = State(raw: value, filtered: filtered, speed: smoothSpeed)
    return filtered
  }

  /// How much a new value counts.
  private static func weight(_ cutoff: Double, _ seconds: Double) -> Float {
    Float(1 / (1 + 1 / (2 * .pi * cutoff * seconds)))
  }
}
