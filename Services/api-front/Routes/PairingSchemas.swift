import Messages

// What the bodies of `/api/pairing/…` look like, for the description of the API.

extension PairingRoutes.CreateBody {
  static let schema = Schema.object(
    [
      "mode": .choice(SessionMode.self), "user_id": .plainText(minLength: 1, maxBytes: 128),
      "expected_devices": .integer(1...4),
      "consent": .yes,
    ],
    optional: [
      "session_id": Schema.identifier.described("auto, the default, makes a name.").orNull(),
      "consent_version": Schema.plainText(maxBytes: 64)
        .described("Of the consent text that was shown, as /api/sessions tells it; an outdated one is refused.")
        .orNull(),
      "ttl": Schema.integer(300...3600).described("Seconds that the pairing token lives.").orNull(),
    ], isOpen: true)
}

extension Invitations.Invitation {
  static let schema = Schema.object(
    [
      "session_id": .identifier, "mode": .choice(SessionMode.self), "expected_devices": .integer(1...4),
      "places": Schema.integer(1...4).described("How many phones it lets in."), "pairing_url": .string(format: "uri"),
      "pairing_token": .token, "pairing_qr_svg": .text,
      "pairing_code": Schema.string(pattern: "^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")
        .described("Typed at /pair by a phone that cannot scan."), "expires_at": .instant,
    ], optional: ["warning": .text])
}

extension PairingRoutes.CodeBody {
  static let schema = Schema.object(
    ["code": Schema.string(minLength: 8, maxLength: 64).described("As typed; dashes, spaces and case do not matter.")],
    isOpen: true)
}

extension PairingRoutes.RedeemedCode {
  static let schema = Schema.object([
    "pairing_token": .token, "session_id": .identifier, "mode": .choice(SessionMode.self), "expires_at": .instant,
  ])
}

extension PairingRoutes.ValidateBody {
  static let schema = Schema.object(["token": .token], optional: ["device_id": .identifier.orNull()], isOpen: true)
}

extension PairingRoutes.Validity {
  static let schema = Schema.object([
    "valid": .yes, "session_id": .identifier, "mode": .choice(SessionMode.self), "expires_at": .instant,
    "devices_left": .integer(0...4),
  ])
}

extension PairingRoutes.RegisterBody {
  static let schema = Schema.object(
    ["token": .token, "device_id": .identifier],
    optional: [
      "attempt": Schema.string(minLength: 8, maxLength: 128).described("Asking again with it gets the same answer.")
        .orNull(),
      "metadata": DeviceMetadata.schema.orNull(),
    ], isOpen: true)
}

extension DeviceMetadata {
  static let schema = Schema.object(
    [:],
    optional: [
      "label": .plainText(maxBytes: 200).orNull(), "browser": .plainText(maxBytes: 200).orNull(),
      "platform": .plainText(maxBytes: 200).orNull(), "model": .plainText(maxBytes: 200).orNull(),
      "width": .integer(16...8192).orNull(),
      "height": .integer(16...8192).orNull(), "fps": .number(1...240).orNull(),
    ], isOpen: true)
}

extension PairingRoutes.Registration {
  static let schema = Schema.object([
    "device_id": .identifier, "session_id": .identifier, "mode": .choice(SessionMode.self),
    "ws_url": .string(format: "uri"), "signaling_url": .string(format: "uri"), "registered": .yes,
    "device_token": .token, "device_token_expires_at": .instant,
    "ice_servers": .array(of: IceServers.Server.schema),
  ])
}

extension PairingRoutes.ClockBody {
  static let schema = Schema.object(
    ["ts_device": Schema.number.described("The device's clock, ms.")],
    optional: [
      "session_id": Schema.identifier.orNull(), "device_id": Schema.identifier.orNull(),
      "prev": ClockRequest.Previous.schema.orNull(),
    ], isOpen: true)
}

extension ClockRequest.Previous {
  static let schema = Schema.object(
    [
      "id": .integer(0...Int(UInt32.max)), "t0": .microseconds, "t1": .microseconds, "t2": .microseconds,
      "t3": .microseconds,
    ], isOpen: true)
}

extension PairingRoutes.ClockAnswer {
  static let schema = Schema.object([
    "ts_device": .number, "ts_server": Schema.number.described("ms since the Unix epoch"),
    "ts_server_receive": Schema.number.described("ms on the server's monotonic clock"),
    "ts_server_send": Schema.number.described("ms on the server's monotonic clock"),
  ])
}
