import Testing
import Timing

@testable import Messages

/// Golden bytes of requests and replies on the bus, and what becomes of bytes that are not them.
struct RequestRecordTests {
  static let request: [UInt8] =
    Array("AXQ2".utf8) + [1, 3, 0, 0] + [2, 0, 0, 0] + [0, 0, 0, 0] + [4, 3, 2, 1, 0, 0, 0, 0]
    + [0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF] + Array("a.b".utf8) + [8, 9]
  static let reply: [UInt8] =
    Array("AXQ2".utf8) + [2, 0, 0, 0] + [1, 0, 0, 0] + [0, 0, 0, 0] + [5, 0, 0, 0, 0, 0, 0, 0]
    + [0, 0, 0, 0, 0, 0, 0, 0] + [7]

  @Test func theLayoutIsThisAndRecordsFollowOneAnother() throws {
    var bytes: [UInt8] = []
    RequestRecord.append(
      .request, id: 0x0102_0304, deadline: SessionTime(microseconds: -2), name: "a.b", body: [8, 9], to: &bytes)
    RequestRecord.append(.reply, id: 5, body: [7], to: &bytes)
    #expect(bytes == Self.request + Self.reply)
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      let request = try RequestRecord(from: &reader)
      #expect(request.kind == .request && request.id == 0x0102_0304 && request.deadline.microseconds == -2)
      #expect(Array(request.name) == Array("a.b".utf8) && Array(request.body) == [8, 9])
      let reply = try RequestRecord(from: &reader)
      #expect(reply.kind == .reply && reply.id == 5 && reply.name.isEmpty && Array(reply.body) == [7])
      try reader.finish()
    }
  }

  @Test func everyTruncationIsRefused() {
    for length in 0..<Self.request.count {
      #expect(throws: DecodingFailure.self) { try Self.read(Array(Self.request[..<length])) }
    }
  }

  @Test(arguments: [(0, 0), (4, 0), (4, 4), (6, 1), (7, 1), (12, 1), (15, 1), (11, 0xFF)])
  func whatIsNotARecordIsRefused(position: Int, value: UInt8) {
    var bytes = Self.request
    bytes[position] = value
    #expect(throws: DecodingFailure.self) { try Self.read(bytes) }
  }

  private static func read(_ bytes: [UInt8]) throws {
    try bytes.withUnsafeBytes { bytes in
      var reader = ByteReader(bytes)
      _ = try RequestRecord(from: &reader)
      try reader.finish()
    }
  }
}
