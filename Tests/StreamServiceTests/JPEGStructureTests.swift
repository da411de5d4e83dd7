import Messages
import Testing

@testable import StreamService

@Suite("JPEG structure")
struct JPEGStructureTests {
  private func check(_ bytes: [UInt8]) throws(JPEGStructure.Refusal) -> JPEGStructure {
    var outcome: Result<JPEGStructure, JPEGStructure.Refusal> = .failure(.notJPEG)
    bytes.withUnsafeBytes { buffer in
      outcome = Result { () throws(JPEGStructure.Refusal) in try JPEGStructure(checking: buffer) }
    }
    return try outcome.get()
  }

  @Test func aPictureIsRead() throws {
    let picture = try check(SampleFrames.jpeg)
    #expect(picture.width == 64 && picture.height == 48 && picture.components == 3)
    #expect(try check(SampleFrames.padded(to: 40_000)).width == 64)
  }

  @Test func everyPrefixIsRefused() {
    for length in 0..<SampleFrames.jpeg.count {
      #expect(throws: JPEGStructure.Refusal.self) { try check(Array(SampleFrames.jpeg[..<length])) }
    }
  }

  @Test func whatFollowsThePictureIsRefused() {
    #expect(throws: JPEGStructure.Refusal.trailingBytes) { try check(SampleFrames.jpeg + [0]) }
    #expect(throws: JPEGStructure.Refusal.trailingBytes) { try check(SampleFrames.jpeg + Array("PK\u{3}\u{4}".utf8)) }
  }

  @Test func otherFilesAreRefused() {
    #expect(throws: JPEGStructure.Refusal.notJPEG) { try check(Array("\u{89}PNG\r\n".utf8)) }
    #expect(throws: JPEGStructure.Refusal.notJPEG) { try check([]) }
    #expect(throws: JPEGStructure.Refusal.outOfOrder) { try check([0xFF, 0xD8, 0xFF, 0xD9]) }
  }

  @Test func tooMuchMetadataIsRefused() {
    #expect(throws: JPEGStructure.Refusal.tooMuchMetadata) {
      try check(SampleFrames.padded(to: JPEGStructure.maximumMetadata + 2000))
    }
  }

  /// No flip may crash, and none may change the dimensions unnoticed by whoever compares them.
  @Test func everyFlippedByteIsSurvived() {
    for index in SampleFrames.jpeg.indices {
      for bit in [0x01, 0x80, 0xFF] as [UInt8] {
        var damaged = SampleFrames.jpeg
        damaged[index] ^= bit
        _ = try? check(damaged)
      }
    }
  }

  @Test func aHeaderThatLiesAboutTheSizeIsRefused() {
    let frame = SampleFrames.bytes(1, captured: 0, width: 65)
    _ = frame.withUnsafeBytes { bytes in
      #expect(throws: FrameRefusal.sizeMismatch) { _ = try FrameCheck.check(bytes) }
    }
  }
}
