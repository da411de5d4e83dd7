import Messages
import Timing

/// One row of an export: an instant of the take, and its pose if it has one.
public struct ExportRow: Sendable, Equatable {
  /// Counted from 1 at the take's rate.
  public let frame: Int
  public let time: SessionTime
  public let pose: Pose3D?

  public init(frame: Int, time: SessionTime, pose: Pose3D?) {
    self.frame = frame
    self.time = time
    self.pose = pose
  }
}

/// Poses in, rows out, in the order of time. The empty rows of a pause come one by one, so that it needs no memory.
public struct ExportRows: Sendable {
  private var plan: RowPlan
  private var pending: (pose: Pose3D, place: RowPlan.Place, nextEmpty: Int)?
  private var last: (frame: Int, time: SessionTime)?

  public init(ratePerSecond: Double) { plan = RowPlan(ratePerSecond: ratePerSecond) }

  /// Only after `next` has answered nil.
  public mutating func add(_ pose: Pose3D) {
    let place = plan.place(pose.time)
    pending = (pose, place, place.empty.lowerBound)
  }

  /// Nil: it is the next pose's turn.
  public mutating func next() -> ExportRow? {
    guard let (pose, place, nextEmpty) = pending else { return nil }
    if nextEmpty < place.empty.upperBound, let last {
      pending?.nextEmpty += 1
      // Evenly between the poses on either side: on the grid when they are.
      let share = Double(nextEmpty - last.frame) / Double(place.frame - last.frame)
      let time = last.time + Int64((Double(pose.time - last.time) * share).rounded())
      return ExportRow(frame: nextEmpty, time: time, pose: nil)
    }
    pending = nil
    last = (place.frame, pose.time)
    return ExportRow(frame: place.frame, time: pose.time, pose: pose)
  }
}
