import Foundation
import Messages
import Runtime
import Synchronization
import TestFolders
import Testing

/// A root with one session of files, and what the removal of it is to say.
private final class Root {
  private let folder = TemporaryFolder()
  var path: String { folder.path }
  static let whole = FolderRemoval.Tally(files: 6, bytes: 2100)

  init() throws { try fill() }

  func fill() throws {
    for (device, sizes) in [("phone-a", [100, 200, 300]), ("phone-b", [400, 500, 600])] {
      let folder = "\(path)/take-1/\(device)"
      try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
      for (index, size) in sizes.enumerated() {
        try Data(count: size).write(to: URL(filePath: "\(folder)/000\(index).mkv"))
        try Data(count: 7).write(to: URL(filePath: "\(folder)/000\(index).idx"))
      }
    }
  }

  func removal(unlink: @escaping @Sendable (String) -> Int32 = { Glibc.unlink($0) }, later: Int = 0) -> FolderRemoval {
    FolderRemoval(
      root: path, counting: { $0.hasSuffix(".mkv") }, unlink: unlink, utcSeconds: { time(nil) + later })
  }

  var names: [String] { folderNames(in: path).sorted() }
  var ledger: [String] { folderNames(in: "\(path)/.removed") }
}

private let first = DeletionID(String(repeating: "a", count: 32))!
private let second = DeletionID(String(repeating: "b", count: 32))!

@Suite struct FolderRemovalTests {
  @Test func whatWasThereIsRemovedAndTold() throws {
    let root = try Root()
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
    #expect(root.names == [".removed"])
    // Asked again, it tells the same.
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
    #expect(try root.removal().remove("take-1", for: second) == FolderRemoval.Tally())
  }

  /// Killed after any number of files: the next one removes the rest and tells of all.
  @Test(arguments: 0...12) func aRemovalThatWasCutShortTellsOfAllOfIt(files: Int) throws {
    let root = try Root()
    let left = Mutex(files)
    let dying = root.removal(unlink: { path in
      guard path.hasSuffix(".mkv") || path.hasSuffix(".idx") else { return Glibc.unlink(path) }
      let isAlive = left.withLock { count in
        count -= 1
        return count >= 0
      }
      return isAlive ? Glibc.unlink(path) : -1
    })
    if files < 12 {
      #expect(throws: SystemError.self) { try dying.remove("take-1", for: first) }
      #expect(root.names.contains { $0.hasPrefix(".deleted-") } && !root.names.contains("take-1"))
    } else {
      _ = try dying.remove("take-1", for: first)
    }
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
    #expect(root.names == [".removed"])
  }

  /// Killed between the folder's new name and the count.
  @Test func aFolderThatWasOnlySetAsideIsCounted() throws {
    let root = try Root()
    try FileManager.default.moveItem(
      atPath: "\(root.path)/take-1", toPath: "\(root.path)/.deleted-\(first.text)-77-0")
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
    #expect(root.names == [".removed"])
  }

  @Test func whatCameBackMeanwhileIsRemovedAndAdded() throws {
    let root = try Root()
    _ = try root.removal().remove("take-1", for: first)
    try root.fill()
    #expect(
      try root.removal().remove("take-1", for: first)
        == FolderRemoval.Tally(files: 2 * Root.whole.files, bytes: 2 * Root.whole.bytes))
  }

  /// Nobody asks any more: the next start finishes it, and a folder of before this was counted as well.
  @Test func leftoversAreFinishedAtTheNextStart() throws {
    let root = try Root()
    let stuck = root.removal(unlink: { _ in -1 })
    #expect(throws: SystemError.self) { try stuck.remove("take-1", for: first) }
    try FileManager.default.createDirectory(
      atPath: "\(root.path)/.deleted-41.0-robin/exports", withIntermediateDirectories: true)
    root.removal().tidy()
    #expect(root.names == [".removed"])
    #expect(root.ledger.count == 1 && root.ledger.allSatisfy { $0.hasPrefix(first.text) })
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
  }

  @Test func countsGoAfterAWeek() throws {
    let root = try Root()
    _ = try root.removal().remove("take-1", for: first)
    root.removal(later: 6 * 86_400).tidy()
    #expect(root.ledger.count == 1)
    root.removal(later: 8 * 86_400).tidy()
    #expect(root.ledger.isEmpty)
  }

  /// Recounted, the rest of a folder would pass for all of it.
  @Test func aCountStaysWhileTheDiskHoldsItsFolder() throws {
    let root = try Root()
    let stuck = root.removal(unlink: { $0.hasSuffix("phone-a/0000.mkv") ? -1 : Glibc.unlink($0) }, later: 8 * 86_400)
    #expect(throws: SystemError.self) { try stuck.remove("take-1", for: first) }
    stuck.tidy()
    #expect(root.ledger.count == 1)
    #expect(try root.removal().remove("take-1", for: first) == Root.whole)
  }

  /// A full disk, or a ledger that cannot be read: what cannot be counted for later is removed all the same.
  @Test(arguments: [true, false]) func deletingGoesBeforeTelling(isFull: Bool) throws {
    let root = try Root()
    if isFull {
      // Looks like a folder that is not there and cannot be made.
      try FileManager.default.createSymbolicLink(
        atPath: "\(root.path)/.removed", withDestinationPath: "/nonexistent/\(UUID().uuidString)")
    } else {
      #expect(FileManager.default.createFile(atPath: "\(root.path)/.removed", contents: nil))
    }
    let complaints = Mutex(0)
    let removal = FolderRemoval(
      root: root.path, counting: { $0.hasSuffix(".mkv") }, complain: { _ in complaints.withLock { $0 += 1 } })
    #expect(try removal.remove("take-1", for: first) == Root.whole)
    #expect(root.names == [".removed"])
    #expect(complaints.withLock { $0 } > 0)
  }

  @Test func aRootThatCannotBeReadIsNotTakenForAnEmptyOne() throws {
    let root = try Root()
    let file = "\(root.path)/take-1/phone-a/0000.mkv"
    #expect(throws: SystemError.self) { try FolderRemoval(root: file).remove("take-1", for: first) }
  }

  /// As two stream-svc instances do, at the same moment.
  @Test(arguments: 0..<20) func severalAtOnceTellTheSame(round: Int) throws {
    let root = try Root()
    let removal = root.removal()
    let tallies = Mutex<[FolderRemoval.Tally]>([])
    DispatchQueue.concurrentPerform(iterations: 4) { _ in
      guard let tally = try? removal.remove("take-1", for: first) else { return }
      tallies.withLock { $0.append(tally) }
    }
    // One that looked before another had set the folder aside may have found nothing yet; none tells of more.
    let told = tallies.withLock { $0 }
    #expect(told.count == 4)
    #expect(told.contains(Root.whole))
    #expect(told.allSatisfy { $0 == Root.whole || $0 == FolderRemoval.Tally() })
    #expect(root.names == [".removed"])
    #expect(try removal.remove("take-1", for: first) == Root.whole)
  }

  @Test func aDeletionsNameIsHexadecimal() {
    for text in ["", "a", String(repeating: "A", count: 32), String(repeating: "g", count: 32), "../" + first.text] {
      #expect(DeletionID(text) == nil)
    }
  }
}
