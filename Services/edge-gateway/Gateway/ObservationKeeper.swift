import Glibc
import Messages
import Runtime
import Timing

/// Journals one session's observations and calibrations, so that its poses can be made again. Bounded.
struct ObservationKeeper {
  /// Twenty hours of four cameras at 30 a second take 4 GB.
  static let maximumBytes = 4 << 30

  private let path: String
  private var journal: Journal<ObservationRecord>?
  /// Something is missing in it: poses made of it would be fewer than the live ones.
  private(set) var isIncomplete = false

  init(path: String) { self.path = path }

  /// Throws when it could not be kept (a full disk), and once when the journal is as long as it may be; from then on nothing is
  /// kept.
  mutating func keep(_ record: ObservationRecord) throws(SystemError) {
    guard !isIncomplete else { return }
    do throws(SystemError) {
      if journal == nil { journal = try Journal.resume(path).journal }
      guard let journal, journal.end < Self.maximumBytes else {
        throw SystemError(call: "write", errno: EFBIG, subject: path)
      }
      try journal.append(record)
    } catch {
      isIncomplete = true
      // Half of the take in better times would be worse than all of it.
      unlink(path)
      journal = nil
      throw error
    }
  }
}
