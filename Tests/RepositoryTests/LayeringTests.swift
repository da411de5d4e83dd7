import Testing

/// The layer rules of ARCHITECTURE.md, held against the `import` lines.
struct LayeringTests {
  /// What the files below a folder may import; C libraries are named where they are owned.
  static let allowed: [(folder: String, imports: Set<String>)] = [
    ("Shared/Timing", ["Glibc", "Synchronization"]),
    ("Shared/Messages", ["Timing", "FoundationEssentials"]),
    ("Shared/Runtime", ["Messages", "Timing", "Glibc", "Synchronization", "CLinux", "CSystemd"]),
    ("Shared/Bus", ["Messages", "Runtime", "Timing", "FoundationEssentials", "Glibc", "CZeroMQ"]),
    ("Shared/Storage", ["CSQLite", "Glibc", "Synchronization", "FoundationEssentials"]),
    ("Shared/Crypto", ["COpenSSL", "Glibc", "Synchronization", "FoundationEssentials"]),
    ("Services/edge-gateway/Align", ["Messages", "Timing", "Glibc"]),
    ("Services/edge-gateway/Calibrate", ["Messages", "Timing", "FoundationEssentials", "CExpat", "Glibc"]),
    ("Services/edge-gateway/Triangulate", ["Messages", "Timing", "Glibc"]),
    ("Services/edge-gateway/CrossCheck", ["Messages", "Timing", "Glibc"]),
    ("Services/edge-gateway/Export", ["Messages", "Timing", "FoundationEssentials", "Glibc"]),
  ]

  @Test(arguments: Self.allowed.map { $0.folder })
  func aLayerImportsOnlyWhatLiesBelow(folder: String) throws {
    let rule = try #require(Self.allowed.first { $0.folder == folder })
    let files = try Repository.swiftFiles(below: folder)
    #expect(!files.isEmpty)
    for file in files {
      for module in file.imports where !rule.imports.contains(module) {
        Issue.record("\(file.path) imports \(module), which \(folder) may not know")
      }
    }
  }

  /// Foundation proper drags ICU into every process; the essentials are enough.
  @Test func noServiceImportsAllOfFoundation() throws {
    for folder in ["Shared", "Services"] {
      for file in try Repository.swiftFiles(below: folder) where file.imports.contains("Foundation") {
        Issue.record("\(file.path) imports Foundation; use FoundationEssentials")
      }
    }
  }

  @Test func eachCLibraryHasOneOwner() throws {
    let owners: [String: String] = [
      "CZeroMQ": "Shared/Bus", "CSQLite": "Shared/Storage", "COpenSSL": "Shared/Crypto", "CSystemd": "Shared/Runtime",
      "CLibWebSockets": "Services/api-front", "CQREncode": "Services/api-front",
      "CAVFormat": "Services/stream-svc/Record", "COpenVINO": "Services/stream-svc/Pose",
      "CTurboJPEG": "Services/stream-svc", "CGStreamer": "Services/stream-svc/WebRTC",
    ]
    for file in try Repository.swiftFiles(below: "Shared") + Repository.swiftFiles(below: "Services") {
      for module in file.imports {
        guard let owner = owners[module], !file.path.hasPrefix(owner + "/") else { continue }
        Issue.record("\(file.path) imports \(module), which belongs to \(owner)")
      }
    }
  }

  @Test func noServiceImportsAnother() throws {
    let logic = [
      "api-front": "ApiFront", "token-svc": "TokenService", "session-svc": "SessionService",
      "stream-svc": "StreamService", "edge-gateway": "EdgeGateway",
    ]
    for (service, _) in logic {
      for file in try Repository.swiftFiles(below: "Services/\(service)") {
        for (other, module) in logic where other != service && file.imports.contains(module) {
          Issue.record("\(file.path) imports \(module)")
        }
      }
    }
  }

  /// What two services need lives in Shared.
  @Test func noTypeStandsInTwoServices() throws {
    let declaration = /^(?:public |final |indirect )*(?:struct|class|enum|actor|protocol) ([A-Za-z0-9]+)/
    var homes: [Substring: Set<Substring>] = [:]
    for file in try Repository.swiftFiles(below: "Services") where !file.path.hasSuffix("/Main/Main.swift") {
      let service = file.path.split(separator: "/")[1]
      for line in file.lines {
        if let found = line.firstMatch(of: declaration) { homes[found.1, default: []].insert(service) }
      }
    }
    #expect(homes.count > 100)
    for (name, services) in homes where services.count > 1 {
      Issue.record("\(name) stands in \(services.sorted().joined(separator: " and "))")
    }
  }

  @Test func filesAreSmallAndMainsAreDeclarations() throws {
    var lengths: [Int] = []
    for file in try Repository.swiftFiles(below: "Shared") + Repository.swiftFiles(below: "Services") {
      lengths.append(file.lines.count)
      #expect(file.lines.count <= 500, "\(file.path)")
      if file.path.hasSuffix("/Main/Main.swift") { #expect(file.lines.count < 40, "\(file.path)") }
    }
    #expect(lengths.sorted()[lengths.count / 2] < 120)
  }
}
