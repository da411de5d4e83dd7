import Messages
import Timing

/// What an export says of the whole take, known before its first pose is written.
public struct TakeDescription: Sendable, Equatable {
  public let session: SessionID
  public let poses: Int
  public let ratePerSecond: Double
  /// Time 0 of the export.
  public let start: SessionTime
  public let worldUp: WorldUp
  public let times: PoseTimes
  /// Ties the session's time to UTC. Nil when it could not be learned.
  public let anchor: UTCAnchor?
  /// Rows of the steady rate, those without a pose included (`RowPlan`).
  public var rows: Int

  public init(
    session: SessionID, poses: Int, ratePerSecond: Double, start: SessionTime, worldUp: WorldUp,
    times: PoseTimes = .live, anchor: UTCAnchor? = nil, rows: Int = 0
  ) {
    self.times = times
    self.anchor = anchor
    self.rows = rows
    self.session = session
    self.poses = poses
    self.ratePerSecond = ratePerSecond
    self.start = start
    self.worldUp = worldUp
  }

  func seconds(_ time: SessionTime) -> Double { Double(time - start) / 1_000_000 }
}

/// Writes a take row by row, so that its length does not matter: `begin`, `write` for each row, `end`.
public protocol PoseWriter {
  init(_ take: TakeDescription)
  mutating func begin(_ text: inout TextBuffer)
  mutating func write(_ row: ExportRow, _ text: inout TextBuffer)
  mutating func end(_ text: inout TextBuffer)
}

extension ExportFormat {
  public func writer(_ take: TakeDescription) -> any PoseWriter {
    switch self {
    case .trc: TRCWriter(take)
    case .csv: CSVWriter(take)
    case .json: PoseJSONWriter(take)
    }
  }
}
