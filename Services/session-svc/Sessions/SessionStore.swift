import Messages
import Storage

/// What session-svc must remember. SQLite today; anything with transactions can stand in.
public protocol SessionStore {
  func transaction<Value>(
    _ durability: Database.Durability, _ body: () throws(StorageError) -> Value
  ) throws(StorageError) -> Value

  /// - Parameter attempt: names the request that makes it.
  func insert(_ session: SessionRecord, attempt: String?) throws(StorageError)
  func session(madeBy attempt: String) throws(StorageError) -> SessionID?
  func session(_ id: SessionID) throws(StorageError) -> SessionRecord?
  /// Newest first.
  func sessions(limit: Int, after: SessionID?) throws(StorageError) -> [SessionRecord]
  func setExpectedDevices(_ count: Int, of id: SessionID) throws(StorageError)
  /// Removes the session's row; for one of which nothing is kept elsewhere.
  func remove(_ id: SessionID) throws(StorageError)
  func end(_ id: SessionID, at utcMicroseconds: Int64) throws(StorageError)

  /// Enters a device, or replaces what is known of it.
  func put(_ device: DeviceRecord) throws(StorageError)
  func device(_ key: DeviceKey) throws(StorageError) -> DeviceRecord?
  /// In the order of their registration, removed ones included.
  func devices(of session: SessionID) throws(StorageError) -> [DeviceRecord]
  /// Devices of sessions that have not ended, in their places, with tokens that have expired.
  func devices(withGrantsExpiredBefore utcSeconds: Int64) throws(StorageError) -> [DeviceRecord]
  func markConnected(_ key: DeviceKey) throws(StorageError)
  /// Devices that were removed and whose tokens token-svc has not withdrawn yet.
  func devicesAwaitingRevocation() throws(StorageError) -> [DeviceRecord]
  /// Their tokens are withdrawn. Nothing happens to a device that has come in with another grant since.
  func markRevoked(_ key: DeviceKey, grant: String?) throws(StorageError)

  /// Sessions in which nothing was made, registered or ended since `utcMicroseconds`.
  func sessions(untouchedSince utcMicroseconds: Int64) throws(StorageError) -> [SessionID]
  /// Removes the session's rows and enters the deletion of everything else of it, which it returns. Nil if there is no such
  /// session.
  func beginDeletion(
    _ session: SessionID, as id: DeletionID, parts: [DeletionPart], at utcMicroseconds: Int64
  ) throws(StorageError) -> DeletionRecord?
  func deletion(of session: SessionID) throws(StorageError) -> DeletionRecord?
  func unfinishedDeletions() throws(StorageError) -> [DeletionRecord]
  func record(_ result: DeletionResult, of part: DeletionPart, in session: SessionID) throws(StorageError)
  /// Forgets the receipts of finished deletions that began before `utcMicroseconds`.
  func forgetDeletions(before utcMicroseconds: Int64) throws(StorageError)
  /// Makes room for a new session under the name of a deleted one. False while its deletion goes on.
  func forgetDeletion(of session: SessionID) throws(StorageError) -> Bool
  /// Overwrites what was deleted in the store's own log as well.
  func scrub() throws(StorageError)
}
