/// A 3×3 matrix of doubles, by rows. Just what camera geometry needs.
public struct Matrix3: Sendable, Equatable {
  public var row0: SIMD3<Double>
  public var row1: SIMD3<Double>
  public var row2: SIMD3<Double>

  public init(_ row0: SIMD3<Double>, _ row1: SIMD3<Double>, _ row2: SIMD3<Double>) {
    self.row0 = row0
    self.row1 = row1
    self.row2 = row2
  }

  public static let identity = Matrix3(SIMD3(1, 0, 0), SIMD3(0, 1, 0), SIMD3(0, 0, 1))

  /// Nine numbers, row after row. Nil when there are not nine.
  public init?(rowMajor values: [Double]) {
    guard values.count == 9 else { return nil }
    self.init(
      SIMD3(values[0], values[1], values[2]), SIMD3(values[3], values[4], values[5]),
      SIMD3(values[6], values[7], values[8]))
  }

  public var rowMajor: [Double] {
    [row0.x, row0.y, row0.z, row1.x, row1.y, row1.z, row2.x, row2.y, row2.z]
  }

  public var transposed: Matrix3 {
    Matrix3(
      SIMD3(row0.x, row1.x, row2.x), SIMD3(row0.y, row1.y, row2.y), SIMD3(row0.z, row1.z, row2.z))
  }

  public var determinant: Double { dot(row0, cross(row1, row2)) }

  public static func * (matrix: Matrix3, vector: SIMD3<Double>) -> SIMD3<Double> {
    SIMD3(dot(matrix.row0, vector), dot(matrix.row1, vector), dot(matrix.row2, vector))
  }

  public static func * (left: Matrix3, right: Matrix3) -> Matrix3 {
    let columns = right.transposed
    return Matrix3(columns * left.row0, columns * left.row1, columns * left.row2)
  }

  /// The largest entry of |MMᵀ − I|: 0 for a rotation or a reflection.
  public var deviationFromOrthonormal: Double {
    let product = self * transposed
    let difference = zip(product.rowMajor, Matrix3.identity.rowMajor).map { ($0 - $1).magnitude }
    return difference.contains(where: \.isNaN) ? .infinity : difference.max() ?? .infinity
  }

  /// The nearest rotation to a matrix that already nearly is one (Newton's iteration for the polar factor).
  public var nearestRotation: Matrix3 {
    var result = self
    for _ in 0..<4 {
      let correction = result.transposed * result
      let factor = Matrix3(
        (SIMD3(3, 0, 0) - correction.row0) / 2, (SIMD3(0, 3, 0) - correction.row1) / 2,
        (SIMD3(0, 0, 3) - correction.row2) / 2)
      result = result * factor
    }
    return result
  }
}

@inline(__always)
public func dot(_ left: SIMD3<Double>, _ right: SIMD3<Double>) -> Double {
  left.x * right.x + left.y * right.y + left.z * right.z
}

@inline(__always)
public func cross(_ left: SIMD3<Double>, _ right: SIMD3<Double>) -> SIMD3<Double> {
  SIMD3(
    left.y * right.z - left.z * right.y, left.z * right.x - left.x * right.z,
    left.x * right.y - left.y * right.x)
}
