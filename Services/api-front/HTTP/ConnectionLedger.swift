/// How many connections are open, in all and from each address. A pure value, bounded by `maximum`.
struct ConnectionLedger: Sendable {
  let maximum: Int
  let maximumPerAddress: Int
  private(set) var count = 0
  private(set) var refused = 0
  /// Of all link-local IPv6 addresses together: half of all, so that who makes itself such addresses leaves the others
  /// room. It is more than a hall full of phones needs, and never less than one address may have.
  let maximumLinkLocal: Int
  private var counts: [ClientAddress: Int] = [:]
  private var linkLocalCount = 0

  init(maximum: Int, maximumPerAddress: Int) {
    self.maximum = maximum
    self.maximumPerAddress = maximumPerAddress
    maximumLinkLocal = max(maximum / 2, maximumPerAddress)
  }

  /// Whether one more may come.
  /// - Parameter address: nil is not counted by address: unknown, or a trusted proxy that speaks for many.
  mutating func admits(_ address: ClientAddress?) -> Bool {
    let isAdmitted = count < maximum && address.map { hasRoom(for: $0) } ?? true
    if !isAdmitted { refused += 1 }
    return isAdmitted
  }

  private func hasRoom(for address: ClientAddress) -> Bool {
    counts[address, default: 0] < maximumPerAddress && (!address.isLinkLocal || linkLocalCount < maximumLinkLocal)
  }

  mutating func opened(_ address: ClientAddress?) {
    count += 1
    guard let address else { return }
    counts[address, default: 0] += 1
    if address.isLinkLocal { linkLocalCount += 1 }
  }

  mutating func closed(_ address: ClientAddress?) {
    count -= 1
    guard let address, let open = counts[address] else { return }
    counts[address] = open > 1 ? open - 1 : nil
    if address.isLinkLocal { linkLocalCount -= 1 }
  }
}
