import Testing

/// `PROTOCOL.md` lists the codes that programs may meet, each with its status, and no others.
struct ErrorCodesTests {
  private static let rooms = [
    "Services/token-svc", "Services/session-svc", "Services/api-front", "Services/edge-gateway/Gateway",
    "Services/edge-gateway/Calibrate", "Services/stream-svc/Ingest", "Services/stream-svc/Record",
    "Services/stream-svc/Stream", "Services/stream-svc/WebRTC", "Shared/Messages", "Shared/Bus",
  ]

  /// Snake-case words in the places where a code stands, with the statuses that stand beside them: after `code:`, as the
  /// first argument of a refusal, and as the value of a case or of a `code` property.
  private func codesInSources() throws -> [String: Set<Int>] {
    var codes: [String: Set<Int>] = [:]
    let refusals = ["invalid": 400, "notFound": 404, "conflict": 409]
    for room in Self.rooms {
      for file in try Repository.swiftFiles(below: room) {
        let text = file.lines.joined(separator: "\n")
        for match in text.matches(of: /\.(invalid|notFound|conflict)\(\s*"([a-z]+(?:_[a-z]+)*)"/) {
          codes[String(match.2), default: []].insert(refusals[String(match.1)]!)
        }
        for match in text.matches(of: /code:\s*"([a-z]+(?:_[a-z]+)*)"/) {
          // Its status stands before the next error's code.
          let rest = text[match.range.upperBound...].prefix(600)
          let own = rest.prefix(upTo: rest.firstRange(of: "code:")?.lowerBound ?? rest.endIndex)
          codes[String(match.1), default: []].formUnion(own.firstMatch(of: /status: (\d+)/).map { [Int($0.1)!] } ?? [])
        }
        for line in file.lines where line.contains("var code: String { ") {
          for match in line.matches(of: /"([a-z]+(?:_[a-z]+)+)"/) { codes[String(match.1), default: []] = [] }
        }
        guard file.path.hasSuffix("Error.swift") || text.contains("var code: String {") else { continue }
        for match in text.matches(of: /case (?:[a-zA-Z]+ = |\.[a-zA-Z]+: )"([a-z]+(?:_[a-z]+)+)"/) {
          codes[String(match.1), default: []].formUnion([])
        }
      }
    }
    return codes
  }

  private struct Listed {
    /// In problem documents, with their status.
    var overHTTP: [String: Int] = [:]
    var onConnections: Set<String> = []
    /// Named as never leaving the server.
    var inside: Set<String> = []

    var all: Set<String> { Set(overHTTP.keys).union(onConnections).union(inside) }
  }

  private func codesInProtocol() throws -> Listed {
    let text = try Repository.read("PROTOCOL.md")
    let section =
      try #require(text.split(separator: "## Error codes").dropFirst().first)
      .split(separator: "\n## ").first ?? ""
    var listed = Listed()
    for line in section.split(separator: "\n") where line.hasPrefix("| `") {
      let cells = line.split(separator: "|")
      let status = Int(cells[1].filter { $0 != " " })
      for match in cells[0].matches(of: /`([a-z_]+)`/) {
        if let status {
          listed.overHTTP[String(match.1)] = status
        } else {
          listed.onConnections.insert(String(match.1))
        }
      }
    }
    let inside = try #require(section.split(separator: "\n\n").first { $0.contains("never sent to anybody") })
    for match in inside.matches(of: /`(token_[a-z_]+)`/) { listed.inside.insert(String(match.1)) }
    return listed
  }

  @Test func sourcesAndTheProtocolKnowTheSameCodes() throws {
    let sources = Set(try codesInSources().keys)
    let listed = try codesInProtocol().all
    #expect(sources.count > 120)
    #expect(sources.subtracting(listed).sorted() == [], "in sources, not in PROTOCOL.md")
    #expect(listed.subtracting(sources).sorted() == [], "in PROTOCOL.md, not in sources")
  }

  @Test func aCodeComesWithTheStatusThatTheProtocolSays() throws {
    let sources = try codesInSources()
    let listed = try codesInProtocol()
    #expect(listed.overHTTP.filter { sources[$0.key]?.isEmpty == false }.count > 60)
    for (code, status) in listed.overHTTP {
      #expect(sources[code, default: []].subtracting([status]) == [], "\(code) is listed as \(status)")
    }
  }

  @Test func whatNeverLeavesTheServerIsNotListedAsIfItDid() throws {
    let listed = try codesInProtocol()
    #expect(listed.inside == ["token_ttl_out_of_range", "token_device_count_out_of_range"])
    #expect(
      listed.inside.intersection(listed.overHTTP.keys).union(listed.inside.intersection(listed.onConnections)) == [])
  }
}
