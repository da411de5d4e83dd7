import Testing

@testable import Runtime

struct SlotTableTests {
  @Test func valuesAreFoundByTheirSlotUntilTheyAreTakenOut() {
    var table = SlotTable<String>()
    let (a, b) = (table.insert("a"), table.insert("b"))
    #expect(table[a] == "a")
    #expect(table[b] == "b")
    let removed = [table.remove(a), table.remove(a)]
    #expect(removed == ["a", nil])
    #expect(table[a] == nil)
    #expect(table.count == 1)
    #expect(table.entries.map(\.value) == ["b"])
  }

  @Test func freeSlotsAreUsedAgainSoThatTheTableStaysAsLargeAsItEverHadToBe() {
    var table = SlotTable<Int>()
    for number in 0..<1000 {
      let slots = [table.insert(number), table.insert(number), table.insert(number)]
      #expect(Set(slots) == [0, 1, 2])
      for slot in slots.shuffled() { table.remove(slot) }
      #expect(table.isEmpty)
    }
  }

  @Test(arguments: [-1, 1, Int.max, Int.min])
  func aSlotThatWasNeverUsedHoldsNothing(slot: Int) {
    var table = SlotTable<Int>()
    _ = table.insert(7)
    let removed = table.remove(slot)
    #expect(removed == nil)
    #expect(table[slot] == nil)
    #expect(table.count == 1)
  }
}
