/// Linear equations for the cameras' time shifts, seconds: one stretch of time's share, which adds up with others.
struct ShiftSystem: Sendable {
  var matrix: [[Double]]
  var right: [Double]

  static func += (sum: inout ShiftSystem, more: ShiftSystem) {
    for row in sum.matrix.indices {
      sum.right[row] += more.right[row]
      for column in sum.matrix[row].indices { sum.matrix[row][column] += more.matrix[row][column] }
    }
  }

  /// The shifts and their standard errors, seconds, of those cameras that took part. Nil when there are fewer than two.
  ///
  /// Errors of landmarks last for many frames, so the equations are far from independent. The standard error is therefore
  /// taken from how the blocks differ (the sandwich estimator with clusters; Liang and Zeger 1986), not from residuals.
  static func solve(_ blocks: [ShiftSystem]) -> [(camera: Int, shift: Double, error: Double)]? {
    guard var sum = blocks.first else { return nil }
    for block in blocks.dropFirst() { sum += block }
    let used = sum.matrix.indices.filter { sum.matrix[$0][$0] > 0 }
    guard used.count >= 2 else { return nil }
    // All cameras shifted alike is no shift at all: the mean of the shifts is set to 0, which changes nothing else.
    let gauge = used.map { sum.matrix[$0][$0] }.reduce(0, +) / Double(used.count)
    let matrix = used.map { row in used.map { sum.matrix[row][$0] + gauge } }
    guard let inverse = DenseMatrix.inverse(of: matrix) else { return nil }
    let shifts = DenseMatrix.product(inverse, used.map { sum.right[$0] })
    var variances = Array(repeating: 0.0, count: used.count)
    for block in blocks {
      let left = used.map { row in
        block.right[row] - zip(used, shifts).map { block.matrix[row][$0] * $1 }.reduce(0, +)
      }
      for (index, value) in DenseMatrix.product(inverse, left).enumerated() { variances[index] += value * value }
    }
    let correction = Double(blocks.count) / Double(max(blocks.count - 1, 1))
    return used.indices.map { (used[$0], shifts[$0], (variances[$0] * correction).squareRoot()) }
  }
}

/// The little linear algebra that a handful of cameras needs.
enum DenseMatrix {
  static func product(_ matrix: [[Double]], _ vector: [Double]) -> [Double] {
    matrix.map { zip($0, vector).map { $0 * $1 }.reduce(0, +) }
  }

  /// Gauss-Jordan with pivots. Nil for a singular matrix.
  static func inverse(of matrix: [[Double]]) -> [[Double]]? {
    let count = matrix.count
    let scale = matrix.joined().map(\.magnitude).max() ?? 0
    var rows = matrix.enumerated().map { index, row in row + (0..<count).map { $0 == index ? 1 : 0 } }
    for column in 0..<count {
      let pivot = (column..<count).max { rows[$0][column].magnitude < rows[$1][column].magnitude } ?? column
      guard rows[pivot][column].magnitude > 1e-12 * scale else { return nil }
      rows.swapAt(column, pivot)
      let divisor = rows[column][column]
      rows[column] = rows[column].map { $0 / divisor }
      for row in 0..<count where row != column && rows[row][column] != 0 {
        let factor = rows[row][column]
        for index in rows[row].indices { rows[row][index] -= factor * rows[column][index] }
      }
    }
    return rows.map { Array($0[count...]) }
  }
}
