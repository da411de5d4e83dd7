import Testing

/// `PROTOCOL.md` lists the codes that programs may meet, and no others.
struct ErrorCodesTests {
  private static let rooms = [
    "Services/token-svc", "Services/session-svc", "Services/api-front", "Services/edge-gateway/Gateway",
    "Services/edge-gateway/Calibrate", "Services/stream-svc/Ingest", "Services/stream-svc/Record",
    "Services/stream-svc/Stream", "Services/stream-svc/WebRTC", "Shared/Messages", "Shared/Bus",
  ]

  /// Snake-case words in the places where a code stands: after `code:`, as the first argument of a refusal, and as the
  /// value of a case or of a `code` property.
  private func codesInSources() throws -> Set<String> {
    var codes: Set<String> = []
    for room in Self.rooms {
      for file in try Repository.swiftFiles(below: room) {
        let text = file.lines.joined(separator: "\n")
        for match in text.matches(of: /(?:code: |\.(?:invalid|notFound|conflict)\(\s*)"([a-z]+(?:_[a-z]+)*)"/) {
          codes.insert(String(match.1))
        }
        for match in text.matches(
          of: /(?:case [a-zA-Z]+ = |case \.[a-zA-Z]+: |var code: String \{ [^"]*)"([a-z]+(?:_[a-z]+)+)"/)
        where file.path.hasSuffix("Error.swift") || text.contains("var code: String {") {
          codes.insert(String(match.1))
        }
      }
    }
    return codes
  }

  private func codesInProtocol() throws -> Set<String> {
    let text = try Repository.read("PROTOCOL.md")
    let section =
      try #require(text.split(separator: "## Error codes").dropFirst().first)
      .split(separator: "\n## ").first ?? ""
    var codes: Set<String> = []
    for line in section.split(separator: "\n") where line.hasPrefix("| `") {
      let cell = line.dropFirst().prefix { $0 != "|" }
      for match in cell.matches(of: /`([a-z_]+)`/) { codes.insert(String(match.1)) }
    }
    return codes
  }

  @Test func theProtocolListsEveryCode() throws {
    let sources = try codesInSources()
    #expect(sources.count > 60)
    #expect(sources.subtracting(try codesInProtocol()).sorted() == [])
  }

  @Test func theProtocolListsNoCodeThatIsGone() throws {
    let every = try Self.rooms.flatMap { try Repository.swiftFiles(below: $0) }.flatMap(\.lines)
      .joined(separator: "\n")
    #expect(try codesInProtocol().filter { !every.contains("\"\($0)\"") }.sorted() == [])
  }
}
