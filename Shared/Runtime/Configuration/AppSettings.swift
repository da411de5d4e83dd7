import Messages

/// Every setting there is, shared by the five programs: one file configures them all.
public enum AppSettings {
  // MARK: Pairing
  public static let pairingTokenSecret = SettingKey<String?>.optionalText(
    "PAIRING_TOKEN_SECRET", "Signing key of the tokens. Unset: one is made and kept (0600).",
    expecting: SecretShape.signingKeyExpectation, isSecret: true, accepts: SecretShape.isSigningKey)
  public static let pairingTokenSecretPrevious = SettingKey<String?>.optionalText(
    "PAIRING_TOKEN_SECRET_PREVIOUS", "The signing key before the last rotation; still verifies.",
    expecting: SecretShape.signingKeyExpectation, isSecret: true, accepts: SecretShape.isSigningKey)
  public static let pairingTokenTTL = SettingKey<Int>.integer(
    "PAIRING_TOKEN_TTL", default: 600, in: 300...3600, "Seconds that a pairing token lives.")

  // MARK: HTTP
  public static let localPort = SettingKey<Int>.integer(
    "LOCAL_PORT", default: 5050, in: 0...65535, "TCP port of pages, API and WebSockets. 0 lets the system choose.")
  public static let bindAddress = SettingKey<String>.text(
    "AXOLOTL_BIND_ADDRESS", default: "0.0.0.0", "Address to listen on.",
    expecting: "an IP address of this machine, or 0.0.0.0 or :: for all", accepts: NetworkAddress.isValid)
  public static let requireHTTPS = SettingKey<Bool>.flag(
    "REQUIRE_HTTPS", default: true, "Serve HTTPS only. Browsers give the camera to secure origins alone.")
  public static let tlsCertificate = SettingKey<String?>.optionalText(
    "AXOLOTL_TLS_CERTIFICATE", "PEM file with the server's certificate chain. Unset: a local CA is made.")
  public static let tlsKey = SettingKey<String?>.optionalText(
    "AXOLOTL_TLS_KEY", "PEM file with the key of that certificate.")
  public static let publicURL = SettingKey<String?>.optionalText(
    "AXOLOTL_PUBLIC_URL", "Address that phones reach, for the QR. Unset: chosen from the machine's LAN addresses.",
    expecting: "an address such as https://rig.example or https://192.168.1.10:5050", accepts: OriginShape.isAddress)
  public static let coachKey = SettingKey<String?>.optionalText(
    "AXOLOTL_COACH_KEY", "The coach's key. Unset: one is made and kept (0600).",
    expecting: SecretShape.coachKeyExpectation, isSecret: true, accepts: SecretShape.isCoachKey)
  public static let allowedOrigins = SettingKey<[String]>.list(
    "AXOLOTL_ALLOWED_ORIGINS", "Origins of other sites' pages that may call the API, with bearer tokens.",
    expecting: "origins such as https://club.example, separated by commas", accepts: { OriginShape.isOrigin($0) })
  public static let trustedProxies = SettingKey<[String]>.list(
    "AXOLOTL_TRUSTED_PROXIES", "Proxies in front whose X-Forwarded-For is believed when clients are told apart.",
    expecting: "IP addresses, separated by commas", accepts: { NetworkAddress.isValid($0) })
  public static let pairingRate = SettingKey<Int>.integer(
    "AXOLOTL_PAIRING_RATE", default: 600, in: 0...1_000_000,
    "Pairing calls that one address may make a minute; 0 is no limit.")
  public static let pairingBurst = SettingKey<Int>.integer(
    "AXOLOTL_PAIRING_BURST", default: 300, in: 1...1_000_000, "How many of them may come at once.")
  public static let credentialRate = SettingKey<Int>.integer(
    "AXOLOTL_CREDENTIAL_RATE", default: 600, in: 1...1_000_000,
    "Wrong keys, cookies and device tokens that are looked at a minute, of one address.")
  public static let credentialBurst = SettingKey<Int>.integer(
    "AXOLOTL_CREDENTIAL_BURST", default: 300, in: 1...1_000_000, "How many of them may come at once.")
  public static let maximumConnections = SettingKey<Int>.integer(
    "AXOLOTL_MAX_CONNECTIONS", default: 2048, in: 16...60_000, "Client connections open at once.")
  public static let maximumConnectionsPerAddress = SettingKey<Int>.integer(
    "AXOLOTL_MAX_CONNECTIONS_PER_ADDRESS", default: 256, in: 4...60_000,
    "Client connections open at once from one address, trusted proxies excepted.")
  public static let webDirectory = SettingKey<String>.text(
    "AXOLOTL_WEB_DIRECTORY", default: "Services/api-front/Web", "Folder of the pages.")

  // MARK: WebRTC
  public static let enableTURN = SettingKey<Bool>.flag(
    "ENABLE_TURN", default: false, "Offer a TURN relay to phones.")
  public static let stunServer = SettingKey<String?>.optionalText(
    "STUN_SERVER", "STUN server for phones, host:port. None is contacted unless set.")
  public static let turnServer = SettingKey<String?>.optionalText("TURN_SERVER", "TURN server, host:port.")
  public static let turnUsername = SettingKey<String?>.optionalText("TURN_USERNAME", "TURN user, if static.")
  public static let turnPassword = SettingKey<String?>.optionalText(
    "TURN_PASSWORD", "TURN password or shared secret.", isSecret: true)

  public static let udpPorts = SettingKey<ClosedRange<UInt16>?>(
    "AXOLOTL_UDP_PORTS", default: "",
    "UDP ports that stream-svc speaks WebRTC on, for firewalls. Unset: the system chooses.",
    expecting: "first-last, such as 50000-50999, of at least 16 ports from 1024 on", parse: { portRange($0) })

  // MARK: Streams
  public static let streamInstances = SettingKey<Int>.integer(
    "AXOLOTL_STREAM_INSTANCES", default: 2, in: 1...64, "How many stream-svc instances run, numbered from 1.")
  public static let recordingsDirectory = SettingKey<String>.text(
    "AXOLOTL_RECORDINGS_DIRECTORY", default: ".axolotl/state/recordings", "Folder of the recordings.")
  public static let recordThreads = SettingKey<Int>.integer(
    "AXOLOTL_RECORD_THREADS", default: 1, in: 1...16, "Threads of each stream-svc instance that write recordings.")
  public static let diskReserveMegabytes = SettingKey<Int>.integer(
    "AXOLOTL_DISK_RESERVE_MB", default: 512, in: 0...1_000_000,
    "Room in MB that recording leaves free; below it recording stops and says so.")
  public static let modelsDirectory = SettingKey<String>.text(
    "AXOLOTL_MODELS_DIRECTORY", default: ".deps/models", "Folder of the two pose models.")
  public static let poseThreads = SettingKey<Int>.integer(
    "AXOLOTL_POSE_THREADS", default: 1, in: 0...64,
    "Pose worker threads of each stream-svc instance; 0 turns poses off.")
  public static let cameraLatency = SettingKey<CameraLatencies>(
    "AXOLOTL_CAMERA_LATENCY", default: "",
    "How late models' cameras are, taken off their capture instants; `make sync-report` measures it.",
    expecting: "models and ms from 0 to 1000, such as Pixel 7:38,iPhone:22", parse: { CameraLatencies($0) })

  // MARK: Sessions
  public static let retentionDays = SettingKey<Int>.integer(
    "AXOLOTL_RETENTION_DAYS", default: 7, in: 1...3650, "Days after which a session and all of it is removed.")

  // MARK: Operation
  public static let busDirectory = SettingKey<String>.text(
    "AXOLOTL_BUS_DIRECTORY", default: ".axolotl/run/bus", "Folder of the Unix sockets between the services.")
  public static let stateDirectory = SettingKey<String>.text(
    "STATE_DIRECTORY", default: ".axolotl/state", "Folder of what a service must not forget; systemd sets it.")
  public static let logLevel = SettingKey<LogLevel>(
    "AXOLOTL_LOG_LEVEL", default: "info", "Least important log lines shown.",
    expecting: "debug, info, warning or error", parse: { LogLevel(name: $0) })

  public static let all: [AnySettingKey] = [
    pairingTokenSecret.erased, pairingTokenSecretPrevious.erased, pairingTokenTTL.erased, localPort.erased,
    bindAddress.erased, requireHTTPS.erased, tlsCertificate.erased, tlsKey.erased, publicURL.erased,
    coachKey.erased, allowedOrigins.erased, trustedProxies.erased, pairingRate.erased, pairingBurst.erased,
    credentialRate.erased, credentialBurst.erased, maximumConnections.erased, maximumConnectionsPerAddress.erased,
    webDirectory.erased, enableTURN.erased, stunServer.erased, turnServer.erased, turnUsername.erased,
    turnPassword.erased, udpPorts.erased, streamInstances.erased, recordingsDirectory.erased,
    recordThreads.erased, diskReserveMegabytes.erased, modelsDirectory.erased, poseThreads.erased, cameraLatency.erased,
    retentionDays.erased, busDirectory.erased, stateDirectory.erased,
    logLevel.erased,
  ]

  private static func portRange(_ text: String) -> ClosedRange<UInt16>?? {
    if text.isEmpty { return .some(nil) }
    let ends = text.split(separator: "-", omittingEmptySubsequences: false).map { UInt16($0) }
    guard ends.count == 2, let first = ends[0], let last = ends[1], first >= 1024, last > first, last - first >= 15
    else { return nil }
    return first...last
  }

  /// Keys that belong to the tools around the services (`make run`), allowed in the same file.
  public static let toolKeys: Set<String> = ["AXOLOTL_HOME"]
}
