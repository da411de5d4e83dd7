import Messages
import Testing

@Suite struct PlainTextTests {
  @Test(arguments: [
    "", "left of the mat", "Robin’s phone", "Kamera 2 – links", "摄像机", "葛\u{E0100}飾", "كاميرا", "می\u{200C}خواهم",
    "ക്\u{200D}ഷ",
    "👩‍👩‍👧‍👦", "👩🏽‍🚀", "❤️‍🔥", "🏳️‍🌈", "#️⃣ 1", "e\u{301}", "🇩🇪", "﷽",
  ])
  func whatPeopleWriteIsPlain(_ text: String) {
    #expect(PlainText.isPlain(text))
    #expect(throws: Never.self) { try DeviceMetadata(label: text).validated() }
  }

  /// Each alone, at the start, in the middle and at the end of a name.
  @Test(
    arguments: [
      0x00, 0x0A, 0x1F, 0x7F, 0x85, 0xAD, 0x034F, 0x061C, 0x115F, 0x180E, 0x200B, 0x200C, 0x200D, 0x200E, 0x200F,
      0x2028,
      0x2029, 0x202A, 0x202B, 0x202C, 0x202D, 0x202E, 0x2060, 0x2064, 0x2066, 0x2067, 0x2068, 0x2069, 0x3164, 0xFEFF,
      0xFFA0, 0xFFF9, 0xFFFB, 0xE0001, 0xE0041,
    ] as [UInt32])
  func whatCannotBeSeenIsRefusedByName(_ value: UInt32) throws {
    let scalar = String(try #require(Unicode.Scalar(value)))
    for text in [scalar, scalar + "left", "le" + scalar + "ft", "left" + scalar, "👩" + scalar, scalar + "👩"] {
      #expect(!PlainText.isPlain(text), "U+\(String(value, radix: 16))")
      let error = #expect(throws: ServiceError.self) { try DeviceMetadata(label: text).validated() }
      #expect(error?.code == "invalid_metadata" && error?.message.contains("metadata.label") == true)
    }
  }

  @Test(arguments: ["👩\u{200D}a", "a\u{200D}👩", "👩\u{200D}\u{200D}👩", "1\u{200D}2", "\u{FE0F}a", "a\u{FE0F}\u{FE0F}"])
  func joinersAndSelectorsStandOnlyWhereTheyBelong(_ text: String) { #expect(!PlainText.isPlain(text)) }
}
