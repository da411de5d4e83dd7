import Foundation
import Messages
import Testing
import Timing

@testable import ApiFront

@Suite struct StatusDocumentTests {
  private func document(_ devices: [DeviceStatus]) throws -> [String: Any] {
    let summary = SessionSummary(
      session: SessionID("take-1")!, mode: .single, state: .active, expectedDevices: 1, registeredDevices: 1,
      consentRecorded: true, anchor: UTCAnchor(sessionTime: .zero, utcMicroseconds: 0))
    let status = GetSessionStatus.Reply(summary: summary, devices: devices)
    guard case .bytes(let text) = HTTPResponse.json(StatusDocument(status, nil, at: .zero)).body else { return [:] }
    let object = try #require(try JSONSerialization.jsonObject(with: Data(text)) as? [String: Any])
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

  /// The schema names what is there, and what must be.
  private func expectDescribed(_ device: [String: Any]) throws {
    guard case .object(let schema) = StatusDocument.Device.schema.value,
      case .object(let properties) = schema["properties"], case .array(let required) = schema["required"]
    else { throw DecodingFailure.invalid(field: "schema") }
    #expect(device.keys.filter { properties[$0] == nil } == [])
    for case .string(let name) in required { #expect(device[name] != nil, "\(name)") }
  }
}
