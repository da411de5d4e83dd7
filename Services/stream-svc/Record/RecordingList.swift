import Messages
import Timing

/// Lists a session's recordings. Corrected times that nobody came to make, as after a kill, are made first.
struct RecordingList {
  /// What was tried is left alone for so long: a list is asked for every few seconds.
  static let pause: Int64 = 60_000_000
  /// Phones' frames wait for the same thread. What has not begun by then is for the next list.
  static let patience: Int64 = 1_000_000
  private static let maximumRemembered = 1000

  private let library: RecordingLibrary
  private let time: any TimeSource
  /// The folders whose times were to be made, when that was, and what the disk said.
  private var tried: [String: (at: SessionTime, failure: DiskFailure?)] = [:]

  init(_ library: RecordingLibrary, time: any TimeSource) {
    self.library = library
    self.time = time
  }

  mutating func files(of session: SessionID) -> [RecordingFile] {
    let (library, began) = (library, time.now())
    return library.files(of: session) { makeMissing($0, began: began) }
  }

  private mutating func makeMissing(_ correction: TimesCorrection, began: SessionTime) {
    let now = time.now()
    let last = tried[correction.folder]
    guard now - began < Self.patience, last.map({ now - $0.at >= Self.pause }) ?? true,
      // Whoever holds the folder makes them when the connection ends.
      let lock = try? FolderLock(folder: correction.folder)
    else { return }
    if tried.count >= Self.maximumRemembered { tried = [:] }
    tried[correction.folder] = (now, nil)
    do throws(DiskFailure) {
      defer { withExtendedLifetime(lock) {} }
      try correction.makeMissing()
    } catch {
      tried[correction.folder] = (now, error)
      // Once is enough.
      if last?.failure != error { library.tell(error, of: correction.folder) }
    }
  }
}
