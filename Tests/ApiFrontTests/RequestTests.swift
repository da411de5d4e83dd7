import Testing

@testable import ApiFront

@Suite struct RequestTests {
  @Test(arguments: [
    ("Bearer abc", "abc"), ("bearer abc", "abc"), ("Bearer  abc", "abc"), ("Basic abc", nil), ("Bearer", nil),
    ("Bearer ", nil), ("abc", nil),
  ])
  func bearerToken(header: String, token: String?) {
    var request = HTTPRequest(method: .get, path: "/")
    request.headers.authorization = header
    #expect(request.bearerToken == token)
  }

  @Test func cookiesAreFoundByTheirWholeName() {
    var request = HTTPRequest(method: .get, path: "/")
    request.headers.cookie = "other=1; axolotl_coach=a.b=c; axolotl_coach=second; xaxolotl_coach=3"
    #expect(request.cookie("axolotl_coach") == "a.b=c")
    #expect(request.cookie("coach") == nil)
    #expect(HTTPRequest(method: .get, path: "/").cookie("axolotl_coach") == nil)
  }

  @Test func queryItems() {
    let query = QueryItems(["token=a=b", "empty=", "flag", "token=second"])
    #expect(query["token"] == "a=b")
    #expect(query["empty"] == "")
    #expect(query["flag"] == "")
    #expect(query["missing"] == nil)
  }

  @Test func bodyFraming() {
    #expect(BodyFraming(method: .get, contentLength: nil, hasTransferEncoding: false) == .none)
    #expect(BodyFraming(method: .delete, contentLength: nil, hasTransferEncoding: false) == .none)
    #expect(BodyFraming(method: .post, contentLength: nil, hasTransferEncoding: false) == .unstated)
    #expect(BodyFraming(method: .post, contentLength: "0", hasTransferEncoding: false) == .none)
    #expect(BodyFraming(method: .post, contentLength: "17", hasTransferEncoding: false) == .length(17))
    #expect(BodyFraming(method: .post, contentLength: nil, hasTransferEncoding: true) == .unknownLength)
  }

  /// Two lengths, or a length beside chunks, are how one request is smuggled inside another.
  @Test(arguments: ["2 5", "2,2", "-1", "+1", "0x10", "1e3", "", "9999999999999999", "１"])
  func lengthsThatAreNotOneNumberAreRefused(text: String) {
    #expect(BodyFraming(method: .post, contentLength: text, hasTransferEncoding: false) == .invalid)
  }

  @Test func lengthAndChunksTogetherAreRefused() {
    #expect(BodyFraming(method: .post, contentLength: "2", hasTransferEncoding: true) == .invalid)
  }
}
