/// Three unknowns from many weighted linear equations, by least squares: AᵀWA x = AᵀWb.
struct NormalEquations {
  private var xx = 0.0
  private var xy = 0.0
  private var xz = 0.0
  private var yy = 0.0
  private var yz = 0.0
  private var zz = 0.0
  private var right = SIMD3<Double>.zero

  init() {}

  /// Two equations per lane: (ax, ay, az) x = a, and the same for b.
  @inline(__always)
  init(
    _ ax: SIMD4<Double>, _ ay: SIMD4<Double>, _ az: SIMD4<Double>, _ a: SIMD4<Double>,
    _ bx: SIMD4<Double>, _ by: SIMD4<Double>, _ bz: SIMD4<Double>, _ b: SIMD4<Double>, weight: SIMD4<Double>
  ) {
    let (wax, way, waz) = (ax * weight, ay * weight, az * weight)
    let (wbx, wby, wbz) = (bx * weight, by * weight, bz * weight)
    xx = (wax * ax + wbx * bx).sum()
    xy = (wax * ay + wbx * by).sum()
    xz = (wax * az + wbx * bz).sum()
    yy = (way * ay + wby * by).sum()
    yz = (way * az + wby * bz).sum()
    zz = (waz * az + wbz * bz).sum()
    right = SIMD3((wax * a + wbx * b).sum(), (way * a + wby * b).sum(), (waz * a + wbz * b).sum())
  }

  @inline(__always)
  static func += (sum: inout NormalEquations, more: NormalEquations) {
    sum.xx += more.xx
    sum.xy += more.xy
    sum.xz += more.xz
    sum.yy += more.yy
    sum.yz += more.yz
    sum.zz += more.zz
    sum.right += more.right
  }

  /// Nil when the equations leave x open, to working precision.
  @inline(__always)
  func solution() -> SIMD3<Double>? {
    let c0 = SIMD3(yy * zz - yz * yz, xz * yz - xy * zz, xy * yz - xz * yy)
    let determinant = xx * c0.x + xy * c0.y + xz * c0.z
    let scale = xx + yy + zz
    // The comparison fails for NaN as well.
    guard determinant > 1e-13 * scale * scale * scale else { return nil }
    let c1 = SIMD3(c0.y, xx * zz - xz * xz, xy * xz - xx * yz)
    let c2 = SIMD3(c0.z, c1.z, xx * yy - xy * xy)
    return SIMD3(dot(c0, right), dot(c1, right), dot(c2, right)) * (1 / determinant)
  }
}
