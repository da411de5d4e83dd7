import Crypto
import FoundationEssentials
import Messages
import Runtime
import Timing

/// The STUN and TURN servers that phones are told of. Without settings there are none, and nobody outside is contacted.
struct IceServers {
  /// RTCIceServer of the W3C's WebRTC.
  struct Server: Encodable, Equatable {
    let urls: [String]
    var username: String?
    var credential: String?
  }

  private let stunServer: String?
  private let turn: TURN?
  private let time: any TimeSource

  private enum TURN {
    /// One account for all.
    case fixed(server: String, username: String, password: String)
    /// The secret shared with the TURN server, from which each device's own credentials are made.
    case shared(server: String, secret: String)
  }

  /// - Throws: `TURNPasswordMissing`. Only here, because `--check-config` does not see systemd's credentials.
  init(_ settings: Settings, time: any TimeSource) throws(TURNPasswordMissing) {
    self.time = time
    stunServer = settings[AppSettings.stunServer]
    if settings[AppSettings.enableTURN], let server = settings[AppSettings.turnServer] {
      guard let password = settings[AppSettings.turnPassword] else { throw TURNPasswordMissing() }
      turn =
        settings[AppSettings.turnUsername].map { .fixed(server: server, username: $0, password: password) }
        ?? .shared(server: server, secret: password)
    } else {
      turn = nil
    }
  }

  func list(for key: DeviceKey) -> [Server] {
    var servers = stunServer.map { [Server(urls: ["stun:\($0)"])] } ?? []
    switch turn {
    case nil: break
    case .fixed(let server, let username, let password):
      servers.append(Server(urls: Self.urls(server), username: username, credential: password))
    case .shared(let server, let secret):
      // Hashing fails only without memory.
      guard let id = try? Self.id(key),
        let minted = try? TURNCredentials(secret: secret, id: id, atUTC: time.utcMicroseconds())
      else { break }
      servers.append(Server(urls: Self.urls(server), username: minted.username, credential: minted.password))
    }
    return servers
  }

  private static func urls(_ server: String) -> [String] {
    ["turn:\(server)?transport=udp", "turn:\(server)?transport=tcp"]
  }

  /// Tells devices apart in the TURN server's log without naming them there.
  private static func id(_ key: DeviceKey) throws(CryptoError) -> String {
    Hexadecimal.encode(Array(try SHA256.digest(of: Array(key.description.utf8)).prefix(8)))
  }
}

/// No phone could use the relay, and nobody would be told.
struct TURNPasswordMissing: ConfigurationFault, CustomStringConvertible {
  let description =
    "TURN_PASSWORD is not set, but ENABLE_TURN is true. Set it to the secret shared with the TURN server, or ENABLE_TURN to "
    + "false."
}

/// Time-limited TURN credentials as coturn's `use-auth-secret` checks them (draft-uberti-behave-turn-rest).
struct TURNCredentials: Equatable {
  /// `expiry:id`, the expiry in seconds since the Unix epoch.
  let username: String
  /// Base64 of HMAC-SHA1 of the user name under the shared secret.
  let password: String

  /// A day of filming; a phone asks for new ones with each connection.
  static let lifetime = Duration.seconds(12 * 3600)

  init(secret: String, id: String, atUTC now: Int64) throws(CryptoError) {
    let expiry = (now + Self.lifetime.wholeMicroseconds) / 1_000_000
    username = "\(expiry):\(id)"
    password = Data(try HMACSHA1.authenticationCode(for: Array(username.utf8), key: Array(secret.utf8)))
      .base64EncodedString()
  }
}
