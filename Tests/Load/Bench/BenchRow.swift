/// One figure, beside the thing it is compared with.
struct BenchRow: Encodable {
  /// What was measured.
  var name: String
  var measured: Double
  var unit: String
  /// What it is compared with, if that was measured in the same run, and its figure in the same unit.
  var comparedWith: String?
  var compared: Double?
  /// `measured` divided by `compared`.
  var ratio: Double?
  /// The figure to reach, in words: `≤ 8 ms`.
  var target: String?

  init(
    _ name: String, _ measured: Double, _ unit: String, against compared: (name: String, figure: Double)? = nil,
    target: String? = nil
  ) {
    self.name = name
    self.measured = measured
    self.unit = unit
    comparedWith = compared?.name
    self.compared = compared?.figure
    ratio = compared.map { measured / $0.figure }
    self.target = target
  }
}
