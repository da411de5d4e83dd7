import Testing

@testable import ApiFront

@Suite struct BodyFormatTests {
  private let type = "multipart/form-data; boundary=xyz"

  private func body(_ parts: String...) -> [UInt8] {
    Array((parts.map { "--xyz\r\n\($0)" }.joined() + "--xyz--\r\n").utf8)
  }

  @Test func takesTheFileAmongFields() throws {
    let bytes = body(
      "Content-Disposition: form-data; name=\"seq\"\r\n\r\n7\r\n",
      "Content-Disposition: form-data; name=\"frame\"; filename=\"a.jpg\"\r\nContent-Type: image/jpeg\r\n\r\nJPEG\r\nX\r\n"
    )
    let file = try #require(Multipart.firstFile(in: bytes, contentType: type))
    #expect(String(decoding: file, as: UTF8.self) == "JPEG\r\nX")
  }

  @Test func takesTheOnlyPartIfNoneIsAFile() throws {
    let bytes = body("Content-Disposition: form-data; name=\"frame\"\r\n\r\nJPEG\r\n")
    #expect(Multipart.firstFile(in: bytes, contentType: type).map(Array.init) == Array("JPEG".utf8))
  }

  @Test(arguments: [
    "", "--xyz--\r\n", "--xyz\r\n\r\n", "--other\r\n\r\nx\r\n--other--", "--xyz\r\nno end of header", "--xyz",
  ])
  func brokenBodiesHaveNoFile(text: String) {
    #expect(Multipart.firstFile(in: Array(text.utf8), contentType: type) == nil)
  }

  @Test func boundaries() {
    #expect(Multipart.boundary(of: "multipart/form-data; charset=x; boundary=\"a b\"") == "a b")
    #expect(Multipart.boundary(of: "multipart/form-data") == nil)
    #expect(Multipart.boundary(of: "multipart/form-data; boundary=") == nil)
  }

  private let jpeg: [UInt8] =
    [0xFF, 0xD8, 0xFF, 0xE0, 0, 4, 1, 2, 0xFF, 0xFF, 0xC2, 0, 17, 8, 0x05, 0x00, 0x02, 0xD0, 3]
    + [UInt8](repeating: 0, count: 12)

  @Test func readsTheSizeOfAJPEG() {
    let size = JPEGSize(jpeg[...])
    #expect(size?.width == 720 && size?.height == 1280)
    // The position in a larger buffer must not matter.
    #expect(JPEGSize(([1, 2, 3] + jpeg)[3...]) == size)
  }

  @Test func everyTruncationIsRefusedWithoutReadingOn() {
    for count in 0..<19 { #expect(JPEGSize(jpeg.prefix(count)) == nil) }
    #expect(JPEGSize([0xFF, 0xD8, 0xFF, 0xE0, 0, 1] + jpeg) == nil)
    #expect(JPEGSize(Array("GIF89a-and-more-bytes".utf8)[...]) == nil)
  }
}
