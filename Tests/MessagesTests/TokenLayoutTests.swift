import Testing

@testable import Messages

/// Golden bytes of the token messages, and what becomes of bytes that are not them.
struct TokenLayoutTests {
  static let request = VerifyToken(token: "a.b.c", kind: .pairing, device: DeviceID("cam01"))
  static let requestBytes: [UInt8] =
    Array("AXV1".utf8) + [1, 5] + Array("cam01".utf8) + [5, 0, 0, 0] + Array("a.b.c".utf8)

  static let reply = VerifyToken.Reply(
    claims: TokenClaims(
      kind: .device, session: SessionID("s1"), device: DeviceID("cam01"), mode: .threeD, issuedAt: 0x0102,
      expiresAt: 0x0304, jti: "id"), devicesLeft: 3)
  static let replyBytes: [UInt8] =
    Array("AXW1".utf8) + [2, 2, 2] + Array("s1".utf8) + [5] + Array("cam01".utf8) + [2] + Array("id".utf8)
    + [2, 1, 0, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]

  @Test func theLayoutsAreThese() throws {
    #expect(Self.request.encoded() == Self.requestBytes)
    #expect(Self.reply.encoded() == Self.replyBytes)
    #expect(try Self.decode(Self.requestBytes) == Self.request)
    #expect(try Self.decode(Self.replyBytes) == Self.reply)
  }

  @Test func everyKindAndWhatIsLeftOutSurvivesTheWire() throws {
    for kind in TokenKind.allCases {
      let request = VerifyToken(token: String(repeating: "x", count: 5000), kind: kind)
      #expect(try Self.decode(request.encoded()) == request)
      for mode in [nil] + SessionMode.allCases.map(Optional.some) {
        let claims = TokenClaims(
          kind: kind, session: nil, device: nil, mode: mode, issuedAt: .min, expiresAt: .max, jti: "")
        let reply = VerifyToken.Reply(claims: claims, devicesLeft: 0)
        #expect(try Self.decode(reply.encoded()) == reply)
      }
    }
  }

  @Test func everyTruncationIsRefusedAndSoIsWhatIsLeftOver() {
    for length in 0..<Self.requestBytes.count {
      #expect(throws: DecodingFailure.self) {
        let _: VerifyToken = try Self.decode(Array(Self.requestBytes.prefix(length)))
      }
    }
    for length in 0..<Self.replyBytes.count {
      #expect(throws: DecodingFailure.self) {
        let _: VerifyToken.Reply = try Self.decode(Array(Self.replyBytes.prefix(length)))
      }
    }
    #expect(throws: DecodingFailure.trailingBytes(1)) {
      let _: VerifyToken = try Self.decode(Self.requestBytes + [0])
    }
    #expect(throws: DecodingFailure.trailingBytes(1)) {
      let _: VerifyToken.Reply = try Self.decode(Self.replyBytes + [0])
    }
  }

  @Test(
    arguments: [
      (0, 0, DecodingFailure.wrongMagic), (4, 9, .unknownValue(field: "kind")),
      (6, UInt8(ascii: "/"), .invalid(field: "device")), (14, 0xFF, .truncated(needed: 15 + 0xFF00_0005, have: 20)),
      (15, 0xFF, .invalid(field: "token")),
    ] as [(Int, UInt8, DecodingFailure)])
  func aWrongFieldOfARequestIsRefusedByName(offset: Int, value: UInt8, failure: DecodingFailure) {
    var bytes = Self.requestBytes
    bytes[offset] = value
    #expect(throws: failure) { let _: VerifyToken = try Self.decode(bytes) }
  }

  @Test(
    arguments: [
      (4, 0, DecodingFailure.unknownValue(field: "kind")), (5, 3, .unknownValue(field: "mode")),
      (7, UInt8(ascii: "."), .invalid(field: "session")), (16, 0xFF, .invalid(field: "jti")),
    ] as [(Int, UInt8, DecodingFailure)])
  func aWrongFieldOfAReplyIsRefusedByName(offset: Int, value: UInt8, failure: DecodingFailure) {
    var bytes = Self.replyBytes
    bytes[offset] = value
    #expect(throws: failure) { let _: VerifyToken.Reply = try Self.decode(bytes) }
  }

  private static func decode<Value: BinaryLayout>(_ bytes: [UInt8]) throws -> Value {
    try bytes.withUnsafeBytes { try Value(decoding: $0) }
  }
}
