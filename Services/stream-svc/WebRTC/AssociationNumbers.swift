/// Numbers of SCTP associations, each of one peer at a time.
///
/// GStreamer knows the associations of a process by 16 bits, a phone never sees them.
struct AssociationNumbers {
  private var taken: Set<UInt16> = []
  private var last = UInt16.max

  /// The next number that nobody has: one that was given back is taken again as late as possible, because GStreamer may
  /// still be letting go of it. Nil: all 65,536 are taken.
  mutating func take() -> UInt16? {
    guard taken.count <= Int(UInt16.max) else { return nil }
    repeat { last &+= 1 } while taken.contains(last)
    taken.insert(last)
    return last
  }

  mutating func giveBack(_ number: UInt16) { taken.remove(number) }
}
