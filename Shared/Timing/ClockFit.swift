/// The straight lines (an offset that grows at a constant rate) that pass through every gate of a window.
///
/// A crystal's rate hardly changes within minutes, so the truth is one of them. The best guess is the line with the most
/// room on both sides: it rests on the fastest messages up and the fastest messages down, which need not be of one
/// exchange. The bound is the line farthest from it.
///
/// The hull idea is that of Moon, Skelly and Towsley, "Estimation and removal of clock skew from network delay
/// measurements" (INFOCOM 1999), here with both directions at once.
struct ClockFit: Sendable {
  /// µs per second of device time, which is parts per million.
  let rate: Double
  private let offsetAtOrigin: Double
  private let origin: DeviceTime
  private let base: Int64
  private let wander: Double
  private let extremes: [Line]

  /// One rate, and the highest and lowest line of that rate; µs relative to `base` at `origin`.
  private struct Line: Sendable {
    let rate: Double
    let upper: Double
    let lower: Double
    var room: Double { upper - lower }
  }

  /// - Parameters:
  ///   - gates: at least one, in any order.
  ///   - origin: where the line is wanted. A wall counts the less the further away from it.
  ///   - slack: µs by which a wall may be wrong, because the device's clock reads in steps.
  ///   - wander: how far a crystal's rate may drift, µs per second of distance from `origin`.
  ///   - maximumRate: ppm, either way.
  /// - Returns: nil when no line passes: the clock did not run evenly.
  init?(
    _ gates: some Collection<ClockGate>, around origin: DeviceTime, slack: Double, wander: Double, maximumRate: Double
  ) {
    guard let any = gates.first else { return nil }
    let base = any.lower.offsetMicroseconds
    func point(_ wall: ClockGate.Wall, _ direction: Double) -> Point {
      let seconds = Double(wall.at - origin) / 1e6
      let room = slack + wander * abs(seconds)
      return Point(x: seconds, y: Double(wall.offsetMicroseconds &- base) + direction * room)
    }
    let ceiling = Point.corners(gates.map { point($0.upper, 1) }, above: false)
    let floor = Point.corners(gates.map { point($0.lower, -1) }, above: true)

    func line(_ rate: Double) -> Line {
      Line(
        rate: rate, upper: ceiling.lazy.map { $0.y - rate * $0.x }.min()!,
        lower: floor.lazy.map { $0.y - rate * $0.x }.max()!)
    }
    // The room is a concave function of the rate, so its maximum is found by narrowing, and so are its zeros.
    let rateRange = -maximumRate...maximumRate
    let best = line(
      Self.maximum(in: rateRange) { rate in
        line(rate).room - Self.doubt * (rate / Self.usualRate) * (rate / Self.usualRate)
      })
    guard best.room >= 0 else { return nil }
    let slowest = Self.lastTrue(from: best.rate, to: -maximumRate) { line($0).room >= 0 }
    let fastest = Self.lastTrue(from: best.rate, to: maximumRate) { line($0).room >= 0 }

    self.origin = origin
    self.base = base
    self.wander = wander
    rate = best.rate
    offsetAtOrigin = (best.upper + best.lower) / 2
    extremes = [best] + (0...Self.steps).map { line(slowest + (fastest - slowest) * Double($0) / Double(Self.steps)) }
  }

  /// SessionTime − DeviceTime, µs: the best guess, and how far the truth can be from it.
  func offset(at time: DeviceTime) -> (microseconds: Double, bound: Double) {
    let x = Double(time - origin) / 1e6
    let guess = offsetAtOrigin + rate * x
    let highest = extremes.lazy.map { $0.upper + $0.rate * x }.max()!
    let lowest = extremes.lazy.map { $0.lower + $0.rate * x }.min()!
    return (Double(base) + guess, max(highest - guess, guess - lowest, 0) + wander * abs(x))
  }

  func sessionTime(of time: DeviceTime) -> SessionTime { sessionTime(of: time, towards: self, share: 0) }

  /// The same, with `share` of the way gone over to what `other` says: 0 is this fit, 1 the other.
  ///
  /// The large parts are added as whole numbers: a double holds them to no better than a quarter of a microsecond.
  func sessionTime(of time: DeviceTime, towards other: ClockFit, share: Double) -> SessionTime {
    let mine = correction(at: time)
    let theirs = other.correction(at: time) + Double(other.base &- base)
    return SessionTime(microseconds: time.microseconds &+ base &+ Int64((mine + (theirs - mine) * share).rounded()))
  }

  private func correction(at time: DeviceTime) -> Double { offsetAtOrigin + rate * Double(time - origin) / 1e6 }

  // MARK: - Searching

  /// A crystal is rarely further off than this, ppm; until the window is long enough to tell, a smaller rate is likelier.
  private static let usualRate = 40.0
  /// µs of room that a rate of `usualRate` must win to be believed.
  private static let doubt = 40.0
  private static let steps = 16

  /// Golden-section search.
  private static func maximum(in range: ClosedRange<Double>, of value: (Double) -> Double) -> Double {
    let ratio = 0.618_033_988_749_895
    var (low, high) = (range.lowerBound, range.upperBound)
    var (left, right) = (high - ratio * (high - low), low + ratio * (high - low))
    var (atLeft, atRight) = (value(left), value(right))
    for _ in 0..<32 {
      if atLeft < atRight {
        (low, left, atLeft) = (left, right, atRight)
        right = low + ratio * (high - low)
        atRight = value(right)
      } else {
        (high, right, atRight) = (right, left, atLeft)
        left = high - ratio * (high - low)
        atLeft = value(left)
      }
    }
    return (low + high) / 2
  }

  /// The farthest point from `start` towards `end` where `holds` is still true; it holds at `start`.
  private static func lastTrue(from start: Double, to end: Double, _ holds: (Double) -> Bool) -> Double {
    if holds(end) { return end }
    var (good, bad) = (start, end)
    for _ in 0..<32 {
      let middle = (good + bad) / 2
      if holds(middle) { good = middle } else { bad = middle }
    }
    return good
  }
}

private struct Point {
  let x: Double
  let y: Double

  /// The corners of the lower (or upper) convex hull: the only points that a line beneath (or above) can touch.
  static func corners(_ points: [Point], above: Bool) -> [Point] {
    let sign = above ? -1.0 : 1.0
    var hull: [Point] = []
    for point in points.sorted(by: { $0.x < $1.x }) {
      while hull.count >= 2 {
        let (a, b) = (hull[hull.count - 2], hull[hull.count - 1])
        let turn = (b.x - a.x) * (point.y - a.y) - (b.y - a.y) * (point.x - a.x)
        if sign * turn > 0 { break }
        hull.removeLast()
      }
      hull.append(point)
    }
    return hull
  }
}
