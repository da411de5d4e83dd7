/// How frames of different phones are brought to one instant. Times in microseconds.
public struct AlignerSettings: Sendable, Equatable {
  /// The grid's rate, per second. Nil takes the median of the cameras' own rates.
  public var ratePerSecond: Double?
  /// One rate and one phase for the whole take. Otherwise the grid starts anew when another phase or rate suits the cameras better:
  /// sooner seen live, at the price of an uneven step.
  public var keepsGrid = false
  /// No interpolation between two frames further apart than this: too much happens in between.
  public var longestInterpolation: Int64 = 150_000
  /// Without a frame on both sides, the nearest one stands in if it is at most this far away.
  public var nearestTolerance: Int64 = 50_000
  /// How long after an instant its set goes out without the cameras that are still missing: as long as the live cameras
  /// lately took to deliver the frame after an instant, plus `latenessMargin`, but at least and at most this.
  public var shortestLateness: Int64 = 80_000
  public var longestLateness: Int64 = 1_000_000
  public var latenessMargin: Int64 = 30_000
  /// A camera from which nothing has come for this long is not waited for.
  public var liveWindow: Int64 = 500_000
  /// Observations from further in the future are a clock gone wrong.
  public var futureTolerance: Int64 = 250_000
  /// Observations kept of each camera.
  public var keptPerDevice = 64
  public var maxDevices = 8

  public init() {}
}

/// What the aligner passed over, by reason.
public struct AlignerCounters: Sendable, Equatable {
  public var observations = 0
  public var sets = 0
  /// Came after the grid had moved past it: re-sent after a break, or from a camera that lags.
  public var late = 0
  public var duplicate = 0
  public var future = 0
  /// Pushed out by newer ones before it was used.
  public var overflow = 0
  public var tooManyDevices = 0
  /// Grid instants with fewer than two cameras.
  public var instantsWithTooFewCameras = 0
  /// Instants that went out, or were given up, without a camera that was there a moment ago.
  public var instantsPastDeadline = 0

  public init() {}
}
