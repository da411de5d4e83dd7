import Runtime
import Storage

/// A database that a newer version has changed: no new start mends that, so none is made.
struct NewerDatabase: ConfigurationFault, CustomStringConvertible {
  let path: String
  let error: StorageError
  var description: String { "\(path): \(error)" }

  /// nil for any other error.
  init?(_ path: String, _ error: StorageError) {
    guard error.code == .newerSchema else { return nil }
    self.path = path
    self.error = error
  }
}
