/// How many connections are open, in all and from each address. A pure value, bounded by `maximum`.
struct ConnectionLedger: Sendable {
  let maximum: Int
  let maximumPerAddress: Int
  private(set) var count = 0
  private(set) var refused = 0
  private var counts: [ClientAddress: Int] = [:]

  init(maximum: Int, maximumPerAddress: Int) {
    self.maximum = maximum
    self.maximumPerAddress = maximumPerAddress
  }

  /// Whether one more may come.
  /// - Parameter address: nil is not counted by address: unknown, or a trusted proxy that speaks for many.
  mutating func admits(_ address: ClientAddress?) -> Bool {
    let isAdmitted = count < maximum && address.map { counts[$0, default: 0] < maximumPerAddress } ?? true
    if !isAdmitted { refused += 1 }
    return isAdmitted
  }

  mutating func opened(_ address: ClientAddress?) {
    count += 1
    if let address { counts[address, default: 0] += 1 }
  }

  mutating func closed(_ address: ClientAddress?) {
    count -= 1
    guard let address, let open = counts[address] else { return }
    counts[address] = open > 1 ? open - 1 : nil
  }
}
