import Messages
import Storage

extension SQLiteSessionStore {
  public func put(_ device: DeviceRecord) throws(StorageError) {
    let metadata = device.metadata
    try database.execute(
      """
      INSERT INTO devices (session, device, label, browser, platform, width, height, fps, instance, registered_at,
        has_connected, is_removed, grant_jti, given_label, awaits_revocation, model, grant_expires_at)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
      ON CONFLICT (session, device) DO UPDATE SET label = excluded.label, browser = excluded.browser,
        platform = excluded.platform, width = excluded.width, height = excluded.height, fps = excluded.fps,
        instance = excluded.instance, registered_at = excluded.registered_at,
        has_connected = excluded.has_connected, is_removed = excluded.is_removed, grant_jti = excluded.grant_jti,
        given_label = excluded.given_label, awaits_revocation = excluded.awaits_revocation, model = excluded.model,
        grant_expires_at = excluded.grant_expires_at
      """,
      .text(device.key.session.text), .text(device.key.device.text), .optional(metadata.label),
      .optional(metadata.browser), .optional(metadata.platform), .optional(metadata.width.map(Int64.init)),
      .optional(metadata.height.map(Int64.init)), metadata.fps.map { .real($0) } ?? .null,
      .integer(device.instance), .integer(device.registeredAt), .boolean(device.hasConnected),
      .boolean(device.isRemoved), .optional(device.grant), .optional(device.givenLabel),
      .boolean(device.awaitsRevocation), .optional(metadata.model), .optional(device.grantExpiresAt))
  }

  public func device(_ key: DeviceKey) throws(StorageError) -> DeviceRecord? {
    try database.first(
      """
      SELECT session, device, label, browser, platform, width, height, fps, instance, registered_at, has_connected,
        is_removed, grant_jti, given_label, awaits_revocation, model, grant_expires_at
      FROM devices WHERE session = ? AND device = ?
      """, .text(key.session.text), .text(key.device.text), read: Self.readDevice)
  }

  public func devices(of session: SessionID) throws(StorageError) -> [DeviceRecord] {
    try database.query(
      """
      SELECT session, device, label, browser, platform, width, height, fps, instance, registered_at, has_connected,
        is_removed, grant_jti, given_label, awaits_revocation, model, grant_expires_at
      FROM devices WHERE session = ? ORDER BY registered_at, device
      """, .text(session.text), read: Self.readDevice)
  }

  public func devicesAwaitingRevocation() throws(StorageError) -> [DeviceRecord] {
    try database.query(
      """
      SELECT session, device, label, browser, platform, width, height, fps, instance, registered_at, has_connected,
        is_removed, grant_jti, given_label, awaits_revocation, model, grant_expires_at
      FROM devices WHERE awaits_revocation
      """, read: Self.readDevice)
  }

  public func devices(withGrantsExpiredBefore utcSeconds: Int64) throws(StorageError) -> [DeviceRecord] {
    try database.query(
      """
      SELECT session, device, label, browser, platform, width, height, fps, instance, registered_at, has_connected,
        is_removed, grant_jti, given_label, awaits_revocation, model, grant_expires_at
      FROM devices
      WHERE grant_expires_at < ? AND NOT is_removed AND session IN (SELECT id FROM sessions WHERE ended_at IS NULL)
      """, .integer(utcSeconds), read: Self.readDevice)
  }

  public func markRevoked(_ key: DeviceKey, grant: String?) throws(StorageError) {
    try database.execute(
      "UPDATE devices SET awaits_revocation = 0 WHERE session = ? AND device = ? AND grant_jti IS ?",
      .text(key.session.text), .text(key.device.text), .optional(grant))
  }

  public func markConnected(_ key: DeviceKey) throws(StorageError) {
    try database.execute(
      "UPDATE devices SET has_connected = 1 WHERE session = ? AND device = ?", .text(key.session.text),
      .text(key.device.text))
  }

  private static func readDevice(_ row: Row) throws(StorageError) -> DeviceRecord {
    DeviceRecord(
      key: DeviceKey(session: try row.value(0) { SessionID($0) }, device: try row.value(1) { DeviceID($0) }),
      metadata: DeviceMetadata(
        label: try row.optionalText(2), browser: try row.optionalText(3), platform: try row.optionalText(4),
        model: try row.optionalText(15), width: try row.optionalInteger(5).map(Int.init),
        height: try row.optionalInteger(6).map(Int.init),
        fps: row.isNull(7) ? nil : try row.real(7)),
      instance: try row.int(8), registeredAt: try row.integer(9), hasConnected: try row.boolean(10),
      isRemoved: try row.boolean(11), grant: try row.optionalText(12), givenLabel: try row.optionalText(13),
      grantExpiresAt: try row.optionalInteger(16), awaitsRevocation: try row.boolean(14))
  }
}
