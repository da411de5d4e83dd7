import Glibc
import Messages

/// Writes one line an event to standard error: `<level> <service> <event> key=value …`.
///
/// Under systemd the journal adds the time, and the level goes in front as it expects. Elsewhere the line begins with
/// the UTC time. A line is one `write`, so lines of several threads do not mix.
public struct Log: Sendable {
  public let name: String
  public let level: LogLevel
  private let sink: @Sendable (String) -> Void
  private let isJournal: Bool

  public init(service: Service, instance: Int? = nil, level: LogLevel = .info, isJournal: Bool = false) {
    self.init(
      name: instance.map { "\(service.rawValue)@\($0)" } ?? service.rawValue, level: level, isJournal: isJournal
    ) { line in
      var line = line
      line.withUTF8 { _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    }
  }

  /// For tests: lines go to `sink`.
  public init(
    name: String, level: LogLevel = .debug, isJournal: Bool = true, sink: @escaping @Sendable (String) -> Void
  ) {
    self.name = name
    self.level = level
    self.isJournal = isJournal
    self.sink = sink
  }

  public func debug(_ event: StaticString, _ fields: (LogKey, any CustomStringConvertible)...) {
    emit(.debug, event, fields)
  }
  public func info(_ event: StaticString, _ fields: (LogKey, any CustomStringConvertible)...) {
    emit(.info, event, fields)
  }
  public func warning(_ event: StaticString, _ fields: (LogKey, any CustomStringConvertible)...) {
    emit(.warning, event, fields)
  }
  public func error(_ event: StaticString, _ fields: (LogKey, any CustomStringConvertible)...) {
    emit(.error, event, fields)
  }

  private func emit(_ level: LogLevel, _ event: StaticString, _ fields: [(LogKey, any CustomStringConvertible)]) {
    guard level >= self.level else { return }
    var line = isJournal ? "<\(level.priority)>" : "\(Self.utcNow()) \(level.name.uppercased()) "
    line += "\(name) \(event)"
    for (key, value) in fields { line += " \(key.rawValue)=\(Self.quoted(value.description))" }
    sink(line + "\n")
  }

  /// Values from outside must not forge a line or a field.
  static func quoted(_ text: String) -> String {
    let isPlain = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7F && $0 != 0x22 && $0 != 0x3D }
    if isPlain, text.utf8.count <= 400 { return text }
    var out = "\""
    for scalar in text.unicodeScalars.prefix(400) {
      switch scalar {
      case "\"", "\\": out += "\\\(scalar)"
      case "\n": out += "\\n"
      default: out += scalar.value < 0x20 || scalar.value == 0x7F ? "?" : String(scalar)
      }
    }
    return out + "\""
  }

  private static func utcNow() -> String {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    var parts = tm()
    gmtime_r(&now.tv_sec, &parts)
    func padded(_ value: Int, _ width: Int) -> String {
      let digits = String(value)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    let day = "\(parts.tm_year + 1900)-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let clock =
      "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    return "\(day)T\(clock).\(padded(now.tv_nsec / 1_000_000, 3))Z"
  }
}
