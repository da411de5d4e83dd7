/// One device's clock over a whole recording, known from all exchanges before *and after* each instant.
///
/// What `ClockModel` says of a frame rests on the exchanges until then. Afterwards more is known: a slow start is cleared
/// up by what followed, a line between two tight gates needs no extrapolation, and a frame that came before the first
/// exchange gets a time at all. Readings ascend with the device's clock within an era, and between eras that followed
/// each other on it.
public struct ClockHistory: Sendable {
  /// In the order in which they began.
  private let eras: [ClockEra]

  /// - Parameter samples: in the order in which they were recorded.
  public init(_ samples: some Sequence<ClockSample>) {
    var model = ClockModel()
    var eras: [[ClockSample]] = []
    var current: [ClockSample] = []
    var suspects: [ClockSample] = []
    for sample in samples {
      switch model.add(sample) {
      case .refused: break
      case .used:
        current.append(sample)
        suspects = []
      case .suspected: suspects.append(sample)
      case .restarted:
        eras.append(current)
        current = suspects.suffix(ClockModel.jumpWitnesses - 1) + [sample]
        suspects = []
      }
    }
    self.eras = (eras + [current]).compactMap(ClockEra.init)
  }

  /// How many stretches there are through which the clock ran evenly.
  public var eraCount: Int { eras.count }

  /// When `device` showed on the device's clock; nil without exchanges.
  ///
  /// - Parameter live: what was made of it when it came. A clock that went back, as after a reload, showed some times
  ///   twice, and around a sleep a time may lie between two eras: the one nearer to `live` is meant. Without it, the
  ///   earlier one: the phone's page takes no pictures after a sleep until it has exchanged again.
  public func reading(of device: DeviceTime, live: SessionTime? = nil) -> ClockReading? {
    let containing = eras.filter { $0.span.contains(device) }
    let before = eras.last { $0.span.upperBound < device }
    let after = eras.first { device < $0.span.lowerBound }
    let readings = (containing.isEmpty ? [before, after].compactMap { $0 } : containing).map { $0.reading(of: device) }
    guard let live else { return readings.first }
    return readings.min { ($0.time - live).magnitude < ($1.time - live).magnitude }
  }
}
