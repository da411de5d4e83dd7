import Testing

@testable import ApiFront

@Suite struct AddressTests {
  private func choose(
    _ publicURL: String? = nil, tls: Bool = true, listening: String = "0.0.0.0",
    lan: [LANAddress] = [LANAddress("192.168.1.10", interface: "wlan0")]
  ) -> PublicAddress {
    PublicAddress.choose(publicURL: publicURL, isTLS: tls, listening: listening, port: 5050, lan: lan)
  }

  @Test func aPhoneIsSentToTheLANAddress() {
    #expect(choose() == PublicAddress(base: "https://192.168.1.10:5050", warning: nil))
  }

  @Test func theOperatorsAddressWins() {
    #expect(choose("https://rig.example/", tls: false) == PublicAddress(base: "https://rig.example", warning: nil))
  }

  @Test func localhostOnlyIfItIsAllThereIsAndWithAWarning() {
    #expect(choose(lan: []).base == "https://localhost:5050")
    #expect(choose(lan: []).warning == PublicAddress.loopbackWarning)
    #expect(choose(listening: "127.0.0.1").warning == PublicAddress.loopbackOnlyWarning)
  }

  @Test func plainHTTPIsWarnedAbout() {
    #expect(choose(tls: false).warning == PublicAddress.insecureWarning)
  }

  private func order(_ found: [(text: String, interface: String, isRouted: Bool)]) -> [String] {
    LANAddress.choose(found.map { LANAddress($0.text, interface: $0.interface, isRouted: $0.isRouted) }).map(\.text)
  }

  @Test func containersBridgesComeLast() {
    #expect(
      order([
        ("172.17.0.1", "docker0", false), ("169.254.3.4", "eth1", false), ("10.0.0.4", "eth0", false),
        ("192.168.1.2", "wlan0", false),
      ]) == ["192.168.1.2", "10.0.0.4", "169.254.3.4", "172.17.0.1"])
  }

  @Test func theDefaultRoutesAddressComesFirstButForTunnels() {
    let found = order([
      ("10.88.0.1", "podman0", false), ("192.168.1.2", "eth1", false), ("172.20.1.5", "eth0", true),
      ("100.64.0.3", "tailscale0", true), ("10.8.0.2", "wg0", true),
    ])
    #expect(found.prefix(2) == ["172.20.1.5", "192.168.1.2"])
  }

  @Test func aTunnelIsKnownByWhatItIs() {
    let tunnel = LANAddress("10.5.0.2", interface: "nordlynx", isRouted: true, isTunnel: true)
    let lan = LANAddress("192.168.1.2", interface: "eth0")
    #expect(LANAddress.choose([tunnel, lan]).map(\.text) == ["192.168.1.2", "10.5.0.2"])
    #expect(choose(lan: [tunnel]).warning == PublicAddress.elsewhereWarning)
  }

  @Test func aContainersAddressIsWarnedAboutWhenItIsAllThereIs() {
    let alone = choose(lan: [LANAddress("172.17.0.1", interface: "docker0")])
    #expect(alone == PublicAddress(base: "https://172.17.0.1:5050", warning: PublicAddress.elsewhereWarning))
  }

  @Test func aNetworkWithoutIPv4HasAnAddressToo() {
    let home = ("fd00:7::21", "wlan0", false)
    let routed = ("2001:db8:7::21", "wlan0", true)
    let bridge = ("172.17.0.1", "docker0", false)
    #expect(order([bridge, home, routed]) == ["2001:db8:7::21", "fd00:7::21", "172.17.0.1"])
    #expect(order([home, ("10.0.0.4", "eth0", true), routed]) == ["10.0.0.4"])
    #expect(order([home, ("169.254.3.4", "usb0", false)]) == ["fd00:7::21", "169.254.3.4"])
    let lan = [LANAddress("2001:db8:7::21", interface: "wlan0", isRouted: true)]
    #expect(choose(lan: lan) == PublicAddress(base: "https://[2001:db8:7::21]:5050", warning: nil))
    #expect(LocalCertificate.names(publicURL: nil, lan: lan.map(\.text)).contains("IP:2001:db8:7::21"))
  }

  @Test func aNameThatBeginsLikeLoopbackIsNone() {
    #expect(choose("https://127.example").warning == nil)
  }

  @Test(arguments: ["https://localhost:5050", "https://127.0.0.1", "https://[::1]:8443", "http://LOCALHOST/"])
  func anAddressOfThisMachineAloneIsWarnedAboutAlsoWhenItIsSet(_ url: String) {
    #expect(choose(url).warning == PublicAddress.loopbackURLWarning)
  }

  @Test func addressesHandedBackAreThoseTheClientUsed() {
    func origin(_ host: String?, tls: Bool = false, publicURL: String? = nil) -> RequestOrigin {
      var request = HTTPRequest(method: .post, path: "/")
      request.headers.host = host
      return RequestOrigin(request, isTLS: tls, publicURL: publicURL, fallback: "http://fallback:1")
    }
    #expect(origin("192.168.1.10:5050").webSocketBase == "ws://192.168.1.10:5050")
    #expect(origin("a:1", tls: true).webSocketBase == "wss://a:1")
    #expect(origin("rig.example", publicURL: "https://rig.example").webSocketBase == "wss://rig.example")
    #expect(origin(nil).base == "http://fallback:1")
    #expect(origin("a/../b?x").base == "http://fallback:1")
  }

  @Test func certificateNamesCoverTheOperatorsAddress() {
    let names = LocalCertificate.names(publicURL: "https://rig.example:8443/x", lan: ["10.0.0.4"])
    #expect(names.contains("DNS:rig.example"))
    #expect(names.contains("IP:10.0.0.4"))
    #expect(names.contains("DNS:localhost"))
    #expect(LocalCertificate.names(publicURL: "https://10.1.1.1", lan: []).contains("IP:10.1.1.1"))
    #expect(LocalCertificate.names(publicURL: "https://[2001:DB8::7]:8443/x", lan: []).contains("IP:2001:db8::7"))
  }
}
