import Testing
import Timing

@testable import ApiFront

@Suite struct LimitTests {
  private let start = SessionTime(microseconds: 50_000_000)
  private let home = ClientAddress("192.168.1.7")!
  private let other = ClientAddress("192.168.1.8")!
  private func after(_ milliseconds: Int) -> SessionTime { start.advanced(by: .milliseconds(milliseconds)) }

  // MARK: Rate

  @Test func aBurstIsAdmittedAndThenTheRate() {
    var rate = RatePerAddress(perMinute: 60, burst: 5)
    for _ in 1...5 { #expect(rate.take(from: home, at: start) == .admitted) }
    #expect(rate.take(from: home, at: start) == .refused(retryAfterSeconds: 1))
    #expect(rate.take(from: other, at: start) == .admitted)
    #expect(rate.take(from: home, at: after(999)) == .refused(retryAfterSeconds: 1))
    #expect(rate.take(from: home, at: after(1000)) == .admitted)
    #expect(rate.take(from: home, at: after(1000)) == .refused(retryAfterSeconds: 1))
  }

  /// Over any stretch, no more than the burst and what came back meanwhile; and never less to who keeps to the rate.
  @Test func inTheLongRunItIsTheRate() {
    var rate = RatePerAddress(perMinute: 600, burst: 20)
    var admitted = 0
    for step in 0..<60_000 where rate.take(from: home, at: after(step)) == .admitted { admitted += 1 }
    #expect((600...620).contains(admitted))
    var steady = RatePerAddress(perMinute: 600, burst: 1)
    for step in 0..<1000 { #expect(steady.take(from: home, at: after(step * 100)) == .admitted) }
  }

  @Test func whoWaitsAsLongAsTheyAreToldIsAdmitted() {
    var rate = RatePerAddress(perMinute: 7, burst: 3)
    var now = start
    for _ in 0..<50 {
      if case .refused(let seconds) = rate.take(2, from: home, at: now) {
        #expect(seconds >= 1)
        now = now.advanced(by: .seconds(seconds))
        #expect(rate.take(2, from: home, at: now) == .admitted)
      }
    }
    #expect(now > start)
  }

  @Test func aCostAboveTheBurstIsTheBurst() {
    var rate = RatePerAddress(perMinute: 60, burst: 5)
    #expect(rate.take(100, from: home, at: start) == .admitted)
    #expect(rate.take(from: home, at: start) == .refused(retryAfterSeconds: 1))
  }

  @Test func aChargeNeverReachesBelowEmpty() {
    var rate = RatePerAddress(perMinute: 60, burst: 3)
    for _ in 0..<1000 { rate.charge(to: home, at: start) }
    #expect(rate.check(of: home, at: start) == .refused(retryAfterSeconds: 1))
    #expect(rate.check(of: home, at: after(1000)) == .admitted)
  }

  @Test func theTableIsBoundedAndStrangersShareOneBucket() {
    var rate = RatePerAddress(perMinute: 60, burst: 2, capacity: 3)
    func address(_ number: Int) -> ClientAddress { ClientAddress("10.0.0.\(number)")! }
    for number in 1...3 { #expect(rate.take(from: address(number), at: start) == .admitted) }
    #expect(rate.take(from: address(4), at: start) == .admitted)
    #expect(rate.take(from: address(5), at: start) == .admitted)
    #expect(rate.take(from: address(6), at: start) == .refused(retryAfterSeconds: 1))
    #expect(rate.trackedAddresses == 3)
    // Those that were known are not touched by it; and what has lapsed makes room.
    #expect(rate.take(from: address(1), at: start) == .admitted)
    #expect(rate.take(from: address(7), at: after(5000)) == .admitted)
    #expect(rate.trackedAddresses == 1)
  }

  // MARK: Addresses

  @Test func addressesAreToldApart() {
    #expect(ClientAddress("::ffff:192.168.1.7") == home)
    #expect(ClientAddress("2001:db8:1:2::1") == ClientAddress("2001:db8:1:2:ffff::9"))
    #expect(ClientAddress("2001:db8:1:2::1") != ClientAddress("2001:db8:1:3::1"))
    #expect(ClientAddress("fe80::1%eth0") == ClientAddress("fe80::1"))
    #expect(ClientAddress("fe80::1") != ClientAddress("fe80::2"))
    #expect(ClientAddress("::1") != ClientAddress("127.0.0.1"))
    for text in ["", "x", "1.2.3", "1.2.3.4:80", "unknown", "[::1]"] { #expect(ClientAddress(text) == nil) }
  }

  @Test func onlyATrustedProxyIsBelieved() {
    let proxies = TrustedProxies(["10.0.0.1", "10.0.0.2"])
    func client(_ peer: String, _ list: String?) -> ClientAddress? { proxies.client(peer: peer, forwardedFor: list) }
    #expect(client("192.168.1.7", "1.1.1.1") == home)
    #expect(client("10.0.0.1", "192.168.1.7") == home)
    #expect(client("10.0.0.1", "6.6.6.6, 192.168.1.7") == home)
    #expect(client("10.0.0.1", "6.6.6.6, 192.168.1.7, 10.0.0.2") == home)
    #expect(client("10.0.0.1", "192.168.1.7, nonsense, 10.0.0.2") == ClientAddress("10.0.0.2"))
    #expect(client("10.0.0.1", nil) == ClientAddress("10.0.0.1"))
    #expect(client("10.0.0.1", "nonsense") == ClientAddress("10.0.0.1"))
    #expect(client("nonsense", "192.168.1.7") == nil)
  }

  /// An attacker in the proxy's network would otherwise choose the address that it is counted as.
  @Test func theNeighboursOfATrustedProxyAreNotBelieved() {
    let proxies = TrustedProxies(["2001:db8:1:2::53", "fe80::53", "10.0.0.1"])
    func source(_ peer: String, _ list: String?) -> String? {
      proxies.source(peer: peer, forwardedFor: list)?.description
    }
    #expect(source("2001:db8:1:2::53", "192.0.2.7") == "192.0.2.7")
    #expect(source("2001:0db8:1:2:0::0053", "2001:db8:9::7") == "2001:db8:9::7")
    #expect(source("2001:db8:1:2::54", "192.0.2.7") == "2001:db8:1:2::54")
    #expect(source("2001:db8:1:2:ffff::53", "192.0.2.7") == "2001:db8:1:2:ffff::53")
    // Named by the proxy, it is who asks, whatever it says of others.
    #expect(source("2001:db8:1:2::53", "192.0.2.7, 2001:db8:1:2::54") == "2001:db8:1:2::54")
    #expect(source("fe80::53%eth0", "192.0.2.7") == "192.0.2.7")
    #expect(source("fe80::54%eth0", "192.0.2.7") == "fe80::54")
    #expect(source("::ffff:10.0.0.1", "192.0.2.7") == "192.0.2.7")
    #expect(source("::ffff:10.0.0.2", "192.0.2.7") == "10.0.0.2")
    #expect(!proxies.contains(IPAddress("2001:db8:1:2::")!) && !proxies.contains(IPAddress("::a00:1")!))
  }

  // MARK: Connections

  @Test func connectionsAreCountedInAllAndByAddress() {
    var ledger = ConnectionLedger(maximum: 4, maximumPerAddress: 2)
    func open(_ address: ClientAddress?) -> Bool {
      guard ledger.admits(address) else { return false }
      ledger.opened(address)
      return true
    }
    #expect(open(home) && open(home))
    #expect(!open(home))
    #expect(open(nil) && open(other))
    #expect(!open(other) && !open(nil))
    #expect(ledger.count == 4 && ledger.refused == 3)
    ledger.closed(home)
    #expect(open(home))
    for address in [home, home, nil, other] as [ClientAddress?] { ledger.closed(address) }
    #expect(ledger.count == 0)
    #expect(open(other) && open(other) && !open(other))
  }

  /// One machine may have as many of them as it likes.
  @Test func linkLocalAddressesCannotTakeAllConnections() {
    func isOpened(_ address: ClientAddress, in ledger: inout ConnectionLedger) -> Bool {
      guard ledger.admits(address) else { return false }
      ledger.opened(address)
      return true
    }
    let many = (1...16).map { ClientAddress("fe80::\($0)")! }
    var ledger = ConnectionLedger(maximum: 16, maximumPerAddress: 4)
    let opened = many.filter { isOpened($0, in: &ledger) }
    #expect(opened == Array(many.prefix(8)) && ledger.refused == 8)
    let others = [home, ClientAddress("2001:db8::1")!].map { isOpened($0, in: &ledger) }
    #expect(others == [true, true])
    ledger.closed(many[0])
    let last = [many[15], many[14]].map { isOpened($0, in: &ledger) }
    #expect(last == [true, false])
    // One alone has what any address has.
    var wide = ConnectionLedger(maximum: 16, maximumPerAddress: 12)
    let own = (1...13).map { _ in isOpened(many[0], in: &wide) }
    #expect(own == Array(repeating: true, count: 12) + [false])
  }
}
