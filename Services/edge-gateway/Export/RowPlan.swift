import Timing

/// Which rows a take's export has, so that the rate that its header promises holds: one for each pose, and one without a pose for each
/// instant that has none.
///
/// Frame 1 is the first pose. A pose's frame is the instant of the steady rate that is nearest to it, or the next one after the
/// pose before: frame number and time agree wherever the poses lie on one grid, which those with final times do.
/// A long pause gets no rows: frame number and time jump together.
public struct RowPlan: Sendable {
  /// A longer pause is left out. Ten minutes between two attempts stay whole; a night does not.
  public static let longestPauseSeconds = 600
  /// When so many empty rows are in an export, further pauses are left out: nearly two hours at 30 a second, some 50 MB as CSV.
  public static let maximumEmptyRows = 200_000

  /// Where one pose stands, and the empty rows before it.
  public struct Place: Sendable, Equatable {
    public let frame: Int
    /// Frames without a pose before this one.
    public let empty: Range<Int>
  }

  /// Rows so far, empty ones included.
  public private(set) var rows = 0

  private let ratePerSecond: Double
  private var start: SessionTime?
  private var lastFrame = 0
  private var emptyRows = 0

  public init(ratePerSecond: Double) { self.ratePerSecond = ratePerSecond }

  public mutating func place(_ time: SessionTime) -> Place {
    let start = start ?? time
    self.start = start
    let nearest = 1 + Int((Double(time - start) * ratePerSecond / 1_000_000).rounded())
    let frame = max(lastFrame + 1, nearest)
    var empty = lastFrame + 1..<frame
    if Double(empty.count) > Double(Self.longestPauseSeconds) * ratePerSecond
      || emptyRows + empty.count > Self.maximumEmptyRows
    {
      empty = frame..<frame
    }
    emptyRows += empty.count
    rows += empty.count + 1
    lastFrame = frame
    return Place(frame: frame, empty: empty)
  }
}
