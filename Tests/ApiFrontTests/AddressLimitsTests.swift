import Testing
import Timing

@testable import ApiFront

@Suite struct AddressLimitsTests {
  private let time = ManualTimeSource()

  private func request(from peer: String) -> HTTPRequest {
    var request = HTTPRequest(method: .get, path: "/")
    request.peer = peer
    return request
  }

  /// Who opens the doors of pairing for a crowd behind one address does not let the crowd guess the coach's key.
  @Test func noLimitOnPairingLeavesTheOneOnWrongCredentials() {
    let limits = AddressLimits(
      calls: nil, wrongCredentials: RatePerAddress(perMinute: 60, burst: 2), proxies: TrustedProxies([]), time: time)
    let thief = request(from: "192.0.2.7")
    for _ in 0..<1000 { #expect(limits.refusal(of: thief, .pairing(cost: 10)) == nil) }
    for _ in 0..<2 {
      #expect(limits.refusalOfCredentials(of: thief) == nil)
      limits.credentialsWereWrong(thief)
    }
    #expect(limits.refusalOfCredentials(of: thief)?.code == "rate_limited")
    #expect(limits.refusalOfCredentials(of: request(from: "192.0.2.8")) == nil)
    time.advance(by: .seconds(1))
    #expect(limits.refusalOfCredentials(of: thief) == nil)
  }

  /// Nor does a school whose pairing is held tight lock itself out by a few mistyped keys, or the other way round.
  @Test func eachLimitIsCountedApart() {
    let limits = AddressLimits(
      calls: RatePerAddress(perMinute: 60, burst: 1), wrongCredentials: RatePerAddress(perMinute: 60, burst: 1),
      proxies: TrustedProxies([]), time: time)
    let (caller, thief) = (request(from: "192.0.2.7"), request(from: "192.0.2.8"))
    #expect(limits.refusal(of: caller, .pairing(cost: 1)) == nil)
    #expect(limits.refusal(of: caller, .pairing(cost: 1))?.code == "rate_limited")
    #expect(limits.refusalOfCredentials(of: caller) == nil)
    limits.credentialsWereWrong(thief)
    #expect(limits.refusalOfCredentials(of: thief)?.code == "rate_limited")
    #expect(limits.refusal(of: thief, .pairing(cost: 1)) == nil)
  }
}
