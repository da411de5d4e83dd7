import Glibc
import Messages
import Runtime

/// The finished exports of one session: hands out names, gives pieces, and keeps only the latest.
struct ExportShelf {
  static let kept = 6

  let folder: String
  private var nextNumber: Int

  init(folder: String) {
    self.folder = folder
    // What an earlier process did not finish.
    for name in folderNames(in: folder) where name.hasPrefix(".") { unlink("\(folder)/\(name)") }
    nextNumber = 1 + (folderNames(in: folder).compactMap(Self.number).max() ?? 0)
  }

  mutating func nextName(_ format: ExportFormat) -> String {
    defer { nextNumber += 1 }
    return "poses-\(nextNumber).\(format.rawValue)"
  }

  func removeOld() {
    let names = folderNames(in: folder).compactMap { name in Self.number(name).map { ($0, name) } }
    for (_, name) in names.sorted(by: { $0.0 > $1.0 }).dropFirst(Self.kept) { unlink("\(folder)/\(name)") }
  }

  /// At most `ReadExport.maximumPiece` bytes; none at the end. Nil when there is no such export.
  func read(_ name: String, offset: Int) throws(SystemError) -> [UInt8]? {
    guard Self.number(name) != nil, offset >= 0 else { return nil }
    let path = "\(folder)/\(name)"
    let number = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard number >= 0 else { return nil }
    let file = OwnedDescriptor(number)
    var piece = [UInt8](repeating: 0, count: ReadExport.maximumPiece)
    let count = try systemCall("pread", on: path) {
      piece.withUnsafeMutableBytes { pread(file.number, $0.baseAddress, $0.count, offset) }
    }
    piece.removeLast(piece.count - count)
    return piece
  }

  /// The number in a name that `nextName` made. Nil for any other name, so that no path can be smuggled in.
  private static func number(_ name: String) -> Int? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 2, ExportFormat(rawValue: String(parts[1])) != nil, parts[0].hasPrefix("poses-") else {
      return nil
    }
    let digits = parts[0].dropFirst("poses-".count)
    guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
    return Int(digits)
  }
}
