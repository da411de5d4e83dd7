import Messages

// What the coach's hold on a running session takes and answers, for the description of the API.

extension ControlRoutes.RenameBody {
  static let schema = Schema.object(["label": .plainText(minLength: 1, maxBytes: 200)], isOpen: true)
}

extension ControlRoutes.RenamedDevice {
  static let schema = Schema.object([
    "session_id": .identifier, "device_id": .identifier, "label": .plainText(minLength: 1, maxBytes: 200),
  ])
}

extension ControlRoutes.RemovedDevice {
  static let schema = Schema.object([
    "session_id": .identifier, "device_id": .identifier, "removed": .yes, "expected_devices": .integer(1...4),
    "registered_devices": .integer(0...4),
  ])
}

extension ControlRoutes.ExpectBody {
  static let schema = Schema.object(["expected_devices": .integer(1...4)], isOpen: true)
}

extension ControlRoutes.InviteBody {
  static let schema = Schema.object(
    [:],
    optional: ["ttl": Schema.integer(300...3600).described("Seconds that the pairing token lives.").orNull()],
    isOpen: true)
}
