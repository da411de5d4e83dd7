import Glibc
import Runtime
import Synchronization

/// Brings a file, or a folder with the names in it, to the medium, on a thread of its own: a slow disk takes seconds, and the
/// loop has none.
final class BackgroundSync: Sendable {
  private let outcome = Mutex(Result<Void, SystemError>?.none)

  init(_ path: String) throws(SystemError) {
    let work = Unmanaged.passRetained(Work(path: path, sync: self))
    var thread = pthread_t()
    let code = pthread_create(
      &thread, nil,
      { argument in
        let work = Unmanaged<Work>.fromOpaque(argument!).takeRetainedValue()
        let outcome = BackgroundSync.synchronize(work.path)
        work.sync.outcome.withLock { $0 = outcome }
        return nil
      }, work.toOpaque())
    guard code == 0 else {
      work.release()
      throw SystemError(call: "pthread_create", errno: code)
    }
    pthread_detach(thread)
  }

  /// Nil while it is under way.
  var result: Result<Void, SystemError>? { outcome.withLock { $0 } }

  private static func synchronize(_ path: String) -> Result<Void, SystemError> {
    do throws(SystemError) {
      let file = OwnedDescriptor(try systemCall("open", on: path) { open(path, O_RDONLY | O_CLOEXEC) })
      try systemCall("fsync", on: path) { fsync(file.number) }
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private final class Work {
    let path: String
    let sync: BackgroundSync
    init(path: String, sync: BackgroundSync) {
      self.path = path
      self.sync = sync
    }
  }
}
