import Messages
import Runtime
import Testing
import Timing

@testable import ApiFront

/// Which STUN and TURN servers phones are told of.
@Suite struct IceServersTests {
  private let key = DeviceKey(session: SessionID("sess-1")!, device: DeviceID("phone-a")!)
  private let time = ManualTimeSource()

  private func servers(_ environment: [String: String]) throws -> [IceServers.Server] {
    try IceServers(try Settings(environment: environment), time: time).list(for: key)
  }

  @Test func noneUnlessSet() throws {
    #expect(try servers([:]).isEmpty)
    #expect(try servers(["TURN_SERVER": "turn.example:3478", "TURN_PASSWORD": "secret"]).isEmpty)
    #expect(try servers(["STUN_SERVER": "stun.example:3478"]).map(\.urls) == [["stun:stun.example:3478"]])
  }

  @Test func credentialsAreTheDevicesOwnAndEnd() throws {
    let turn = ["ENABLE_TURN": "true", "TURN_SERVER": "turn.example:3478", "TURN_PASSWORD": "secret"]
    let mine = try #require(try servers(turn).first)
    #expect(mine.urls == ["turn:turn.example:3478?transport=udp", "turn:turn.example:3478?transport=tcp"])
    let parts = try #require(mine.username).split(separator: ":")
    #expect(Int64(parts[0]) == time.utcMicroseconds() / 1_000_000 + 12 * 3600)
    #expect(parts[1].count == 16 && !parts[1].contains("phone"))
    let other = DeviceKey(session: key.session, device: DeviceID("phone-b")!)
    let theirs = try IceServers(try Settings(environment: turn), time: time).list(for: other)
    #expect(theirs[0].username != mine.username && theirs[0].credential != mine.credential)
  }

  @Test func aRelayWithoutItsPasswordStopsTheStart() throws {
    let settings = try Settings(environment: ["ENABLE_TURN": "true", "TURN_SERVER": "turn.example:3478"])
    let fault = #expect(throws: TURNPasswordMissing.self) { try IceServers(settings, time: time) }
    #expect(fault?.description.hasPrefix("TURN_PASSWORD ") == true)
  }

  /// Base64 of HMAC-SHA1, as `openssl dgst -sha1 -hmac secret -binary | base64` has it.
  @Test func thePasswordIsWhatCoturnComputes() throws {
    let minted = try TURNCredentials(secret: "secret", id: "0123456789abcdef", atUTC: 1_700_000_000_000_000)
    #expect(minted.username == "1700043200:0123456789abcdef")
    #expect(minted.password == "p1ORdfXbu/GyFuG1MNqsOQiUoBQ=")
  }

  @Test func aFixedAccountIsGivenAsItIs() throws {
    let servers = try servers([
      "ENABLE_TURN": "true", "TURN_SERVER": "turn.example:3478", "TURN_USERNAME": "u", "TURN_PASSWORD": "p",
    ])
    #expect(servers.map(\.username) == ["u"] && servers.map(\.credential) == ["p"])
  }
}
