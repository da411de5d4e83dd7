import Runtime
import Timing

/// The request bodies that are on their way: how much memory they may take in all, and until when.
struct BodyLedger<Owner: AnyObject> {
  private var entries = SlotTable<(owner: Owner, byteCount: Int, until: SessionTime)>()
  private var total = 0

  /// What is handed back by `release`, once; nil, and nothing reserved, where all of them would take more than `maximum`
  /// bytes.
  mutating func reserve(_ byteCount: Int, of owner: Owner, until: SessionTime, maximum: Int) -> Int? {
    guard total + byteCount <= maximum else { return nil }
    total += byteCount
    return entries.insert((owner, byteCount, until))
  }

  mutating func release(_ reservation: Int) {
    guard let entry = entries.remove(reservation) else { return }
    total -= entry.byteCount
  }

  func overdue(at now: SessionTime) -> [Owner] {
    entries.entries.filter { $0.value.until <= now }.map(\.value.owner)
  }
}
