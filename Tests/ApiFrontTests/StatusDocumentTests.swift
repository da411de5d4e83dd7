import Foundation
import Messages
import Testing
import Timing

@testable import ApiFront

@Suite struct StatusDocumentTests {
  private func whole(
    _ devices: [DeviceStatus], consent: ConsentRecord? = nil, seenBy phone: DeviceID? = nil
  ) throws -> [String: Any] {
    let summary = SessionSummary(
      session: SessionID("take-1")!, mode: .single, state: .active, expectedDevices: 1, registeredDevices: 1,
      consentRecorded: true, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0))
    let status = GetSessionStatus.Reply(summary: summary, devices: devices, consent: consent)
    let document = StatusDocument(status, nil, seenBy: phone, at: .zero)
    guard case .bytes(let text) = HTTPResponse.json(document).body else { return [:] }
    return try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
  }

  private func document(_ devices: [DeviceStatus]) throws -> [String: Any] {
    let object = try whole(devices)
    let first = try #require(object["devices"] as? [[String: Any]]).first
    return try #require(first)
  }

  @Test func aDeviceSaysWhyItIsInItsStateAndWhatItIs() throws {
    let metadata = DeviceMetadata(
      label: "left", browser: "Safari 17", platform: "iOS", model: "iPhone", width: 720, height: 1280, fps: 30)
    let device = try document([
      DeviceStatus(
        device: DeviceID("phone-1")!, metadata: metadata, instance: 1, state: .stale, cause: .silentInstance,
        reason: "stream-svc@1 has not reported for 7 s", report: nil)
    ])
    #expect(device["cause"] as? String == "silent_instance")
    #expect(device["reason"] as? String == "stream-svc@1 has not reported for 7 s")
    let shown = try #require(device["metadata"] as? [String: Any])
    #expect(shown["browser"] as? String == "Safari 17" && shown["platform"] as? String == "iOS")
    #expect(shown["width"] as? Int == 720 && shown["height"] as? Int == 1280 && shown["fps"] as? Double == 30)
    try expectDescribed(device)
  }

  @Test func aDeviceOfWhichLittleIsKnownSaysNoMore() throws {
    let device = try document([
      DeviceStatus(
        device: DeviceID("phone-1")!, metadata: DeviceMetadata(), instance: 1, state: .streaming, report: nil)
    ])
    #expect(device["cause"] == nil && device["reason"] == nil)
    try expectDescribed(device)
  }

  @Test func theCoachReadsTheConsentAndPhonesDoNot() throws {
    let consent = ConsentRecord(givenBy: "Robin", givenAt: 1_700_000_000_000_000, textVersion: "2026-11-25/7d")
    let shown = try #require(try whole([], consent: consent)["consent_record"] as? [String: Any])
    #expect(shown["given_by"] as? String == "Robin" && shown["text_version"] as? String == "2026-11-25/7d")
    #expect(shown["at"] as? String == "2023-11-14T22:13:20Z")
    // That no text was named is said.
    let unnamed = ConsentRecord(givenBy: "Robin", givenAt: 0, textVersion: nil)
    let record = try #require(try whole([], consent: unnamed)["consent_record"] as? [String: Any])
    #expect(record["text_version"] is NSNull)
    #expect(try whole([], consent: consent, seenBy: DeviceID("phone-1")!)["consent_record"] == nil)
  }

  @Test func aPhoneSeesItselfAndOfOthersOnlyThatTheyAreThere() throws {
    let devices = (1...2).map { number in
      DeviceStatus(
        device: DeviceID("phone-\(number)")!, metadata: DeviceMetadata(label: "Robin's", platform: "iOS"), instance: 1,
        state: .stale, cause: .noFrames, reason: "no frames", report: nil)
    }
    let seen = try #require(try whole(devices, seenBy: DeviceID("phone-1")!)["devices"] as? [[String: Any]])
    #expect(seen[0]["label"] as? String == "Robin's" && seen[0]["metadata"] != nil)
    try expectDescribed(seen[0])
    #expect(Set(seen[1].keys) == ["device_id", "state"])
    #expect(seen[1]["device_id"] as? String == "phone-2" && seen[1]["state"] as? String == "stale")
  }

  /// The schema names what is there, and what must be.
  private func expectDescribed(_ device: [String: Any]) throws {
    guard case .object(let schema) = StatusDocument.Device.schema.value,
      case .object(let properties) = schema["properties"], case .array(let required) = schema["required"]
    else { throw DecodingFailure.invalid(field: "schema") }
    #expect(device.keys.filter { properties[$0] == nil } == [])
    for case .string(let name) in required { #expect(device[name] != nil, "\(name)") }
  }
}
