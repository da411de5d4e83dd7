/// Values that are found again by the slot they were put into: a dictionary for what comes and goes with every request, where
/// hashing is seen in profiles. Whoever takes a value out forgets its slot, which the next one may get.
///
/// Inlinable, as a generic type is slow where it is not compiled for the type it is used with.
public struct SlotTable<Value> {
  @usableFromInline var slots: [Value?] = []
  @usableFromInline var free: [Int] = []

  @inlinable public init() {}

  @inlinable public var count: Int { slots.count - free.count }
  @inlinable public var isEmpty: Bool { count == 0 }

  /// What is in there, with its slots; in no order.
  @inlinable public var entries: [(slot: Int, value: Value)] {
    slots.enumerated().compactMap { slot, value in value.map { (slot, $0) } }
  }

  /// The slot is the lowest that was never used, or one that is free again.
  @inlinable
  public mutating func insert(_ value: Value) -> Int {
    if let slot = free.popLast() {
      slots[slot] = value
      return slot
    }
    slots.append(value)
    return slots.count - 1
  }

  /// nil for a slot that is free or was never used, whatever number it is.
  @inlinable public subscript(slot: Int) -> Value? { slots.indices.contains(slot) ? slots[slot] : nil }

  @inlinable
  @discardableResult
  public mutating func remove(_ slot: Int) -> Value? {
    guard slots.indices.contains(slot), let value = slots[slot].take() else { return nil }
    free.append(slot)
    return value
  }
}
