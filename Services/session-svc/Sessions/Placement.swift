/// Chooses the stream-svc instance for a new camera.
enum Placement {
  /// The instance with the fewest phones that are there now, then with the fewest of the same session, then the lowest
  /// number.
  ///
  /// - Parameters:
  ///   - instances: how many there are, numbered from 1.
  ///   - live: phones that are registered and not gone, by instance.
  ///   - siblings: phones of the same session, by instance.
  ///   - avoiding: instances that take no new cameras.
  static func leastLoaded(
    of instances: Int, live: [Int: Int], siblings: [Int: Int], avoiding: Set<Int> = []
  ) -> Int {
    let all = Array(1...max(1, instances))
    let usable = all.filter { !avoiding.contains($0) }
    // With none left, a place that will come back is better than none.
    return (usable.isEmpty ? all : usable).min { a, b in
      (live[a] ?? 0, siblings[a] ?? 0, a) < (live[b] ?? 0, siblings[b] ?? 0, b)
    }!
  }
}
