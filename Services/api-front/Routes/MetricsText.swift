/// Puts the figures of several processes into one text. Prometheus wants all lines of a metric in one group.
enum MetricsText {
  static func merge(_ texts: [String]) -> String {
    var order: [Substring] = []
    var groups: [Substring: (header: [Substring], samples: [Substring])] = [:]
    for text in texts {
      var current: Substring = ""
      for line in text.split(separator: "\n") {
        if line.hasPrefix("# ") {
          let words = line.split(separator: " ", maxSplits: 3)
          guard words.count >= 3 else { continue }
          current = words[2]
          if groups[current] == nil {
            groups[current] = ([], [])
            order.append(current)
          }
          if !groups[current]!.header.contains(where: { $0.hasPrefix("# \(words[1]) ") }) {
            groups[current]!.header.append(line)
          }
        } else if groups[current] != nil {
          groups[current]!.samples.append(line)
        }
      }
    }
    return order.sorted().map { name in
      let group = groups[name]!
      return (group.header + group.samples).map { $0 + "\n" }.joined()
    }.joined()
  }
}
