import Timing

/// Who sent credentials that were refused and how often, told so that a flood of them is no flood of lines: of each address
/// the first at once, what follows summed up, a line a minute at most.
struct CredentialRefusals: Sendable {
  struct Notice: Equatable, Sendable {
    /// The whole address of the latest; nil for those that found the table full.
    let address: IPAddress?
    /// Since the last notice.
    let count: Int
  }

  private struct Entry {
    var address: IPAddress?
    var count = 0
    var toldAt: SessionTime
  }

  static let period = Duration.seconds(60)
  /// Addresses above this are counted together.
  static let capacity = 256

  private let capacity: Int
  private var entries: [ClientAddress?: Entry] = [:]

  init(capacity: Int = CredentialRefusals.capacity) { self.capacity = capacity }

  /// Counts one; a notice if it is the first of its address in a while.
  mutating func note(_ source: IPAddress, at now: SessionTime) -> Notice? {
    var key: ClientAddress? = ClientAddress(source)
    if entries[key] == nil, entries.count >= capacity { key = nil }
    let address = key == nil ? nil : source
    guard var entry = entries[key] else {
      entries[key] = Entry(address: address, toldAt: now)
      return Notice(address: address, count: 1)
    }
    entry.address = address
    entry.count += 1
    entries[key] = entry
    return nil
  }

  /// What has come together of those whose minute is over.
  mutating func due(at now: SessionTime) -> [Notice] {
    var notices: [Notice] = []
    for (key, entry) in entries where now >= entry.toldAt.advanced(by: Self.period) {
      if entry.count > 0 { notices.append(Notice(address: entry.address, count: entry.count)) }
      entries[key] = entry.count > 0 ? Entry(address: entry.address, toldAt: now) : nil
    }
    return notices
  }
}
