extension Array where Element: Comparable {
  /// The element that `fraction` of all are not above; of nothing there is none.
  func percentile(_ fraction: Double) -> Element {
    precondition(!isEmpty, "nothing was measured")
    return sorted()[Int(Double(count - 1) * fraction)]
  }
}
