/// The figures of one process, in Prometheus' text format. Belongs to the loop's thread.
public final class Metrics {
  public typealias Labels = [(name: String, value: String)]

  private struct Family {
    let help: String
    let type: String
    var series: [(labels: String, write: () -> [(suffix: String, extraLabel: String, value: String)])] = []
  }

  private var families: [String: Family] = [:]
  private let commonLabels: Labels

  public init(commonLabels: Labels = []) { self.commonLabels = commonLabels }

  public func counter(_ name: String, _ help: String, labels: Labels = []) -> Counter {
    let counter = Counter()
    add(name, help, "counter", labels) { [("", "", String(counter.value))] }
    return counter
  }

  public func gauge(_ name: String, _ help: String, labels: Labels = []) -> Gauge {
    let gauge = Gauge()
    add(name, help, "gauge", labels) { [("", "", String(gauge.value))] }
    return gauge
  }

  /// A gauge that is read when somebody asks.
  public func gauge(_ name: String, _ help: String, labels: Labels = [], reading read: @escaping () -> Double) {
    add(name, help, "gauge", labels) { [("", "", String(read()))] }
  }

  public func histogram(_ name: String, _ help: String, buckets: [Double], labels: Labels = []) -> Histogram {
    let histogram = Histogram(upperBounds: buckets)
    add(name, help, "histogram", labels) { histogram.samples() }
    return histogram
  }

  /// Prometheus text exposition format 0.0.4.
  public func exposition() -> String {
    var text = ""
    for (name, family) in families.sorted(by: { $0.key < $1.key }) {
      text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.type)\n"
      for series in family.series {
        for sample in series.write() {
          let labels = [series.labels, sample.extraLabel].filter { !$0.isEmpty }.joined(separator: ",")
          text += "\(name)\(sample.suffix)\(labels.isEmpty ? "" : "{\(labels)}") \(sample.value)\n"
        }
      }
    }
    return text
  }

  private func add(
    _ name: String, _ help: String, _ type: String, _ labels: Labels,
    _ write: @escaping () -> [(suffix: String, extraLabel: String, value: String)]
  ) {
    let text = (commonLabels + labels).map { "\($0.name)=\"\(Self.escaped($0.value))\"" }.joined(separator: ",")
    var family = families[name] ?? Family(help: help, type: type)
    precondition(family.type == type, "\(name) is already a \(family.type)")
    precondition(!family.series.contains { $0.labels == text }, "\(name){\(text)} exists")
    family.series.append((text, write))
    families[name] = family
  }

  private static func escaped(_ value: String) -> String {
    value.reduce(into: "") { out, character in
      switch character {
      case "\\": out += "\\\\"
      case "\"": out += "\\\""
      case "\n": out += "\\n"
      default: out.append(character)
      }
    }
  }
}

/// Only ever grows.
public final class Counter {
  public private(set) var value = 0
  public func increment(by amount: Int = 1) { value += amount }
}

/// Goes up and down.
public final class Gauge {
  public var value = 0.0
}

/// Counts observations in buckets.
public final class Histogram {
  private let upperBounds: [Double]
  private var counts: [Int]
  private var sum = 0.0
  private var total = 0

  init(upperBounds: [Double]) {
    self.upperBounds = upperBounds.sorted()
    counts = Array(repeating: 0, count: upperBounds.count)
  }

  public func observe(_ value: Double) {
    sum += value
    total += 1
    if let bucket = upperBounds.firstIndex(where: { value <= $0 }) { counts[bucket] += 1 }
  }

  func samples() -> [(suffix: String, extraLabel: String, value: String)] {
    var cumulative = 0
    var samples: [(suffix: String, extraLabel: String, value: String)] = []
    for (bound, count) in zip(upperBounds, counts) {
      cumulative += count
      samples.append(("_bucket", "le=\"\(bound)\"", String(cumulative)))
    }
    samples.append(("_bucket", "le=\"+Inf\"", String(total)))
    samples.append(("_sum", "", String(sum)))
    samples.append(("_count", "", String(total)))
    return samples
  }
}
