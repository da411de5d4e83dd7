import Testing
import Timing

@testable import Messages

struct PhoneMessageTests {
  private func decode(_ text: String) throws -> PhoneMessage {
    try Array(text.utf8).withUnsafeBytes { try PhoneMessage(decoding: $0) }
  }

  @Test func theMessagesOfTheProtocolAreRead() throws {
    #expect(try decode(#"{"type":"hello"}"#) == .hello(oldestSequence: nil))
    #expect(try decode(#"{"type":"hello","oldest_seq":5}"#) == .hello(oldestSequence: 5))
    #expect(try decode(#"{"type":"dropped","from":2,"through":4}"#) == .dropped(from: 2, through: 4))
    #expect(
      try decode(#"{"type":"condition","hidden":true}"#) == .condition(PhoneCondition(isHidden: true)))
    #expect(
      try decode(#"{"type":"condition","hidden":false,"capture":"callback_time"}"#)
        == .condition(
          PhoneCondition(isHidden: false, captureSource: .callbackTime)))
    let clock = try decode(#"{"type":"clock","id":2,"t0":10,"prev":{"id":1,"t0":1,"t1":2,"t2":3,"t3":4}}"#)
    guard case .clock(let request) = clock else { throw DecodingFailure.invalid(field: "test") }
    #expect(request.prev?.sample.roundTripMicroseconds == 2)
  }

  @Test(arguments: [
    ("", DecodingFailure.invalid(field: "message")), ("[]", .invalid(field: "message")),
    (#"{"type":"sing"}"#, .unknownValue(field: "type")), (#"{"no":"type"}"#, .invalid(field: "type")),
    (#"{"type":"clock","t0":1}"#, .invalid(field: "id")),
    (#"{"type":"dropped","from":0,"through":4}"#, .invalid(field: "from")),
    (#"{"type":"dropped","from":5,"through":4}"#, .invalid(field: "from")),
    (#"{"type":"condition","hidden":1}"#, .invalid(field: "message")),
    (#"{"type":"condition","hidden":true,"capture":"guess"}"#, .invalid(field: "message")),
    (#"{"type":"hello","oldest_seq":-1}"#, .invalid(field: "message")),
  ])
  func whatIsNotInTheProtocolIsRefused(text: String, failure: DecodingFailure) {
    #expect(throws: failure) { _ = try decode(text) }
  }

  @Test func aLongControlMessageIsRefused() {
    let text = #"{"type":"hello","pad":""# + String(repeating: "x", count: 5000) + #""}"#
    #expect(throws: DecodingFailure.tooLarge(field: "hello", limit: 4096)) { _ = try decode(text) }
  }

  @Test func aJSONFrameBecomesTheSameBytesAsABinaryOne() throws {
    let message = try decode(
      #"{"type":"frame","seq":7,"ts_device_us":-2,"width":720,"height":1280,"data":"AQID"}"#)
    guard case .frame(let frame) = message else { throw DecodingFailure.invalid(field: "test") }
    #expect(frame.encodedFrame() == LayoutTests.frame)
  }

  @Test func serverMessagesAreTheJSONOfTheProtocol() {
    func text(_ message: ServerMessage) -> String { String(decoding: message.encoded(), as: UTF8.self) }
    #expect(text(.welcome(nextSequence: 4)) == #"{"type":"welcome","next_seq":4}"#)
    #expect(text(.clock(id: 1, t0: -1, t1: 2, t2: 3)) == #"{"type":"clock","id":1,"t0":-1,"t1":2,"t2":3}"#)
    #expect(text(.ack(sequence: 9)) == #"{"type":"ack","seq":9}"#)
    #expect(
      text(.error(code: "x", message: "say \"y\"/z")) == #"{"code":"x","message":"say \"y\"/z","type":"error"}"#)
  }
}

struct IdentifierTests {
  @Test(arguments: ["", ".hidden", "a/b", "..", "a b", "ü", String(repeating: "x", count: 65)])
  func whatIsNoSafeFolderNameIsNoIdentifier(text: String) {
    #expect(SessionID(text) == nil)
    #expect(DeviceID(text) == nil)
  }

  @Test(arguments: ["a", "sess-2026-01-02-030405-a1b2c3", "x.y_z"])
  func ordinaryNamesAre(text: String) { #expect(SessionID(text)?.text == text) }

  @Test func theAlphabetIsWhatItSays() {
    let allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    for byte in UInt8.min ... .max {
      let text = "x" + String(UnicodeScalar(byte))
      #expect((SessionID(text) != nil) == allowed.unicodeScalars.contains(UnicodeScalar(byte)), "\(byte)")
    }
  }
}
