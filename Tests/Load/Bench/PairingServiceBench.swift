import Foundation
import Messages
import SessionService
import Timing
import TokenService

/// Issuing, verifying and registering inside token-svc and session-svc: their real stores on disk, no bus, no HTTP.
/// `pyjwt_bench.py` times PyJWT and sqlite3 at the same.
struct PairingServiceBench {
  /// PyJWT's, in milliseconds.
  private struct Theirs: Decodable {
    let issue, verify, register: Figures
  }

  private struct Figures: Decodable {
    let median: Double
    let percentile99: Double
  }

  private static let sessions = 500
  private static let devices = 4

  private let tokens: TokenAuthority
  private let registry: SessionRegistry
  private let clock = ContinuousClock()

  static func rows(_ options: BenchOptions) throws -> [BenchRow] {
    // Not /tmp, which may be memory.
    let folder = URL(filePath: "/var/tmp").appending(path: "axolotl-bench-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let theirs = try options.oraclePython.map { python in
      try decoder.decode(Theirs.self, from: Tool.run(python, ["Tests/Load/pyjwt_bench.py"]))
    }
    return try PairingServiceBench(folder: folder.path()).measure(beside: theirs)
  }

  private init(folder: String) throws {
    let secret = (0..<32).map { _ in UInt8.random(in: .min ... .max) }
    let time = SystemTimeSource()
    tokens = TokenAuthority(
      keys: try KeyRing(current: secret),
      store: try SQLiteTokenStore(path: "\(folder)/tokens.db", access: .exclusive), time: time)
    registry = SessionRegistry(
      store: try SQLiteSessionStore(path: "\(folder)/sessions.db"), time: time, streamInstances: 2)
  }

  private func measure(beside theirs: Theirs?) throws -> [BenchRow] {
    let device = (1...Self.devices).map { DeviceID("phone-\($0)")! }
    var issue: [Duration] = []
    var verify: [Duration] = []
    var verifyAgain: [Duration] = []
    var register: [Duration] = []
    for _ in 0..<Self.sessions {
      let session = try registry.create(
        CreateSession(session: nil, mode: .threeD, userID: "bench", expectedDevices: Self.devices, consent: true)
      ).session
      var token = ""
      issue.append(
        try clock.measure {
          token = try tokens.issue(
            IssuePairingToken(session: session, mode: .threeD, maxDevices: Self.devices, ttlSeconds: nil)
          ).token
        })
      for (number, device) in device.enumerated() {
        for attempt in 0..<5 {
          var left = 0
          let duration = try clock.measure {
            left = try tokens.verify(VerifyToken(token: token, kind: .pairing, device: device)).devicesLeft
          }
          // The store is read after every change; until the next one it is remembered what stands there.
          if attempt == 0 { verify.append(duration) } else { verifyAgain.append(duration) }
          guard left == Self.devices - number else {
            throw Tool.Failure(description: "a token had \(left) places left where \(Self.devices - number) were")
          }
        }
        register.append(
          try clock.measure {
            let redeemed = try tokens.redeem(
              RedeemPairingToken(token: token, device: device, attempt: "attempt-\(number)"))
            _ = try registry.register(
              RegisterDevice(
                key: DeviceKey(session: session, device: device), metadata: DeviceMetadata(),
                grant: redeemed.claims.jti))
          })
      }
    }
    return Self.rows(
      "issue a pairing token, in the service", issue, against: theirs?.issue, "PyJWT, nothing stored",
      target: "< 0.1 ms")
      + Self.rows(
        "verify it, state read from the store, in the service", verify, against: theirs?.verify,
        "PyJWT, signature only", target: "< 0.05 ms")
      + Self.rows("  again, state remembered", verifyAgain, against: theirs?.verify, "PyJWT, signature only")
      + Self.rows(
        "register a phone, in the two services", register, against: theirs?.register, "PyJWT + sqlite3, tokens only",
        target: "< 2 ms")
  }

  private static func rows(
    _ name: String, _ durations: [Duration], against theirs: Figures?, _ what: String, target: String? = nil
  ) -> [BenchRow] {
    let milliseconds = durations.map { $0 / .milliseconds(1) }
    return [
      BenchRow(
        name, milliseconds.percentile(0.5), "ms", against: theirs.map { (what, $0.median) }, target: target),
      BenchRow(
        "  99th percentile", milliseconds.percentile(0.99), "ms", against: theirs.map { (what, $0.percentile99) }),
    ]
  }
}
