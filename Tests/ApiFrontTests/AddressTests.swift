import Testing

@testable import ApiFront

@Suite struct AddressTests {
  private func choose(
    _ publicURL: String? = nil, tls: Bool = true, listening: String = "0.0.0.0", lan: [String] = ["192.168.1.10"]
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
    #expect(choose(listening: "127.0.0.1").warning == PublicAddress.loopbackWarning)
  }

  @Test func plainHTTPIsWarnedAbout() {
    #expect(choose(tls: false).warning == PublicAddress.insecureWarning)
  }

  @Test func containersBridgesComeLast() {
    let order = [("172.17.0.1", "docker0"), ("169.254.3.4", "eth1"), ("10.0.0.4", "eth0"), ("192.168.1.2", "wlan0")]
      .sorted { PublicAddress.rank($0.0, interface: $0.1) < PublicAddress.rank($1.0, interface: $1.1) }
    #expect(order.map(\.0) == ["192.168.1.2", "10.0.0.4", "169.254.3.4", "172.17.0.1"])
  }

  @Test func theDefaultRoutesAddressComesFirstButForTunnels() {
    let order = [
      ("10.88.0.1", "podman0", false), ("192.168.1.2", "eth1", false), ("172.20.1.5", "eth0", true),
      ("100.64.0.3", "tailscale0", true), ("10.8.0.2", "wg0", true),
    ].sorted {
      PublicAddress.rank($0.0, interface: $0.1, isRouted: $0.2)
        < PublicAddress.rank($1.0, interface: $1.1, isRouted: $1.2)
    }
    #expect(order.prefix(2).map(\.0) == ["172.20.1.5", "192.168.1.2"])
  }

  @Test(arguments: ["https://localhost:5050", "https://127.0.0.1", "https://[::1]:8443", "http://LOCALHOST/"])
  func anAddressOfThisMachineAloneIsWarnedAboutAlsoWhenItIsSet(_ url: String) {
    #expect(choose(url).warning == PublicAddress.loopbackWarning)
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
