import Glibc
import Runtime
import TestFolders
import Testing
import Timing

@testable import Bus

/// A loop and a bus in a folder of their own, removed afterwards.
final class BusFixture {
  let loop: EventLoop
  private let folder = TemporaryFolder()
  let metrics = Metrics()

  init() throws {
    loop = try EventLoop()
  }

  var directory: String { folder.path }

  func makeBus() throws -> BusContext {
    try BusContext(
      loop: loop, directory: directory, log: Log(name: "test", level: .error) { _ in }, metrics: Metrics())
  }

  /// Runs the loop until `condition`; false when it does not come true within `limit`.
  func run(until condition: () -> Bool, within limit: Duration = .seconds(5)) -> Bool {
    let deadline = loop.time.now().advanced(by: limit)
    while !condition() {
      guard loop.time.now() < deadline else { return false }
      loop.runOnce(waitingAtMost: .milliseconds(20))
    }
    return true
  }
}
