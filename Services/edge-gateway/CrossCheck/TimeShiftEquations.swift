/// Normal equations for the cameras' time shifts, seconds, gathered over a stretch of time.
///
/// For one sighting of a joint at one instant: residual + velocity · shift of its camera + bias + slope · displacement of
/// the joint = 0, in the sense of least squares. The displacement is solved for at each instant and drops out (a Schur
/// complement). The bias, by which a camera sees this joint beside where it is (the model errs, the calibration is a little
/// off), lasts: it is solved for over the whole stretch. Without it, whoever walks one way would make a late camera of one
/// that errs sideways.
struct TimeShiftEquations: Sendable {
  /// Unknowns of each camera: its shift, and the bias in x and in y.
  private static let unknowns = 3
  /// A bias costs as much as this many sightings' worth of a pixel each: biases are some ten pixels, jitter some five.
  private static let biasPrior = 0.1

  private let cameras: Int
  /// Row after row, `unknowns` rows for each camera.
  private var matrix: [Double]
  private var right: [Double]

  /// None yet.
  init(cameras: Int) {
    self.cameras = cameras
    let size = cameras * Self.unknowns
    matrix = Array(repeating: 0, count: size * size)
    right = Array(repeating: 0, count: size)
  }

  /// Takes in what all cameras saw of the joint at one instant. Nothing, when that leaves the joint's position open.
  mutating func add(_ sightings: [ShiftedSighting]) {
    guard sightings.count >= 2 else { return }
    var (row0, row1, row2) = (SIMD3<Double>.zero, SIMD3<Double>.zero, SIMD3<Double>.zero)
    var pull = SIMD3<Double>.zero
    for one in sightings {
      let (x, y) = (one.slopeX * one.weight, one.slopeY * one.weight)
      row0 += x * one.slopeX.x + y * one.slopeY.x
      row1 += x * one.slopeX.y + y * one.slopeY.y
      row2 += x * one.slopeX.z + y * one.slopeY.z
      pull += x * one.residual.x + y * one.residual.y
    }
    guard let inverse = Matrix3(row0, row1, row2).symmetricInverse else { return }
    for one in sightings {
      let moved = one.couplings.map { inverse * $0 }
      let velocity = one.velocity
      let own = [
        [(velocity * velocity).sum(), velocity.x, velocity.y], [velocity.x, 1, 0], [velocity.y, 0, 1],
      ]
      let pulls = [(velocity * one.residual).sum(), one.residual.x, one.residual.y]
      for row in 0..<Self.unknowns {
        let at = one.camera * Self.unknowns + row
        right[at] -= one.weight * pulls[row] - dot(moved[row], pull)
        for column in 0..<Self.unknowns {
          self[at, one.camera * Self.unknowns + column] += one.weight * own[row][column]
        }
        for other in sightings {
          for (column, coupling) in other.couplings.enumerated() {
            self[at, other.camera * Self.unknowns + column] -= dot(moved[row], coupling)
          }
        }
      }
    }
  }

  /// The equations for the shifts alone, the biases solved for.
  func withoutBiases() -> ShiftSystem {
    let shifts = (0..<cameras).map { $0 * Self.unknowns }
    let biases = (0..<cameras * Self.unknowns).filter { $0 % Self.unknowns != 0 }
    let inner = biases.map { row in biases.map { self[row, $0] + (row == $0 ? Self.biasPrior : 0) } }
    let outer = shifts.map { row in shifts.map { self[row, $0] } }
    guard let inverse = DenseMatrix.inverse(of: inner) else {
      return ShiftSystem(matrix: outer, right: shifts.map { right[$0] })
    }
    let across = shifts.map { row in biases.map { self[row, $0] } }
    let gains = across.map { row in DenseMatrix.product(inverse, row) }
    return ShiftSystem(
      matrix: zip(outer, gains).map { row, gain in
        zip(row, across).map { value, other in value - zip(gain, other).map { $0 * $1 }.reduce(0, +) }
      },
      right: zip(shifts, gains).map { row, gain in
        right[row] - zip(gain, biases).map { $0 * right[$1] }.reduce(0, +)
      })
  }

  private subscript(row: Int, column: Int) -> Double {
    get { matrix[row * cameras * Self.unknowns + column] }
    set { matrix[row * cameras * Self.unknowns + column] = newValue }
  }
}

extension ShiftedSighting {
  /// How each unknown of this camera pulls at the joint's position: slopeᵀ · (velocity, x, y), weighted.
  fileprivate var couplings: [SIMD3<Double>] {
    [(slopeX * velocity.x + slopeY * velocity.y) * weight, slopeX * weight, slopeY * weight]
  }
}

extension Matrix3 {
  /// Nil for a matrix that is singular to working precision.
  fileprivate var symmetricInverse: Matrix3? {
    let determinant = determinant
    let trace = row0.x + row1.y + row2.z
    guard determinant > 1e-13 * trace * trace * trace else { return nil }
    return Matrix3(
      cross(row1, row2) / determinant, cross(row2, row0) / determinant, cross(row0, row1) / determinant)
  }
}
