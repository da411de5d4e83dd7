import Timing

/// The request bodies that are on their way: how much memory they may take in all, and until when.
struct BodyLedger<Owner: AnyObject> {
  private var entries: [ObjectIdentifier: (owner: Owner, byteCount: Int, until: SessionTime)] = [:]
  private var total = 0

  /// False, and nothing reserved, where all of them would take more than `maximum` bytes.
  mutating func reserve(
    _ byteCount: Int, of owner: Owner, until: SessionTime, maximum: Int
  ) -> Bool {
    guard total + byteCount <= maximum else { return false }
    release(owner)
    entries[ObjectIdentifier(owner)] = (owner, byteCount, until)
    total += byteCount
    return true
  }

  mutating func release(_ owner: Owner) {
    guard let entry = entries.removeValue(forKey: ObjectIdentifier(owner)) else { return }
    total -= entry.byteCount
  }

  func overdue(at now: SessionTime) -> [Owner] {
    entries.values.filter { $0.until <= now }.map(\.owner)
  }
}
