/// What one exchange proves about a device's clock: two walls that the true offset lies between.
///
/// On the way up a message takes some time, so t1 − t0 is *more* than SessionTime − DeviceTime at t0. On the way down
/// it also takes some, so t2 − t3 is *less* than it at t3. A delayed message moves its wall away from the truth and
/// never across it, so bursts on one leg do no harm and the tightest walls of many exchanges can be combined.
///
/// This is also why there are no coded pairs (Huygens, NSDI 2018: two probes sent a known gap apart, believed only when
/// they arrive that far apart). Pairs tell which *exchange* was held up, so that it can be left out. Walls need no such
/// verdict: a message held up on the way up says nothing on its own leg, and its answer still counts on the other.
struct ClockGate: Sendable {
  /// An offset at an instant of the device's clock; µs over µs.
  struct Wall: Sendable {
    let at: DeviceTime
    let offsetMicroseconds: Int64
  }

  /// Not below the true offset.
  let upper: Wall
  /// Not above the true offset.
  let lower: Wall

  /// How far apart the walls are: the time both messages took together, whatever the clock does meanwhile.
  var roundTripMicroseconds: Int64 { upper.offsetMicroseconds &- lower.offsetMicroseconds }

  init(_ sample: ClockSample) {
    upper = Wall(
      at: sample.deviceSent, offsetMicroseconds: sample.serverReceived.microseconds &- sample.deviceSent.microseconds)
    lower = Wall(
      at: sample.deviceReceived,
      offsetMicroseconds: sample.serverSent.microseconds &- sample.deviceReceived.microseconds)
  }
}
