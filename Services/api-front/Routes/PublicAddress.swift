import Glibc
import Runtime

/// Where phones reach this server, for the QR.
struct PublicAddress: Equatable, Sendable {
  /// Without a slash at the end: `https://192.168.1.10:5050`.
  let base: String
  /// Why a phone may not get there, in words for the coach.
  let warning: String?

  static let loopbackWarning =
    "This address works on this machine only, because no network address was found. "
    + "Connect to a network, or set AXOLOTL_PUBLIC_URL to an address that the phones reach."
  static let insecureWarning =
    "Phones' browsers give their camera to https:// pages only. Set REQUIRE_HTTPS=true, or AXOLOTL_PUBLIC_URL to the "
    + "https:// address of a proxy in front."

  /// That of this moment: the machine's addresses come and go.
  ///
  /// - Parameter port: the TCP port listened on, which the system may have chosen.
  static func current(_ settings: Settings, port: Int) -> PublicAddress {
    choose(
      publicURL: settings[AppSettings.publicURL], isTLS: settings[AppSettings.requireHTTPS],
      listening: settings[AppSettings.bindAddress], port: port, lan: lanAddresses())
  }

  /// - Parameters:
  ///   - listening: the address listened on; a particular one is where phones must go.
  ///   - lan: the machine's own addresses, best first.
  static func choose(
    publicURL: String?, isTLS: Bool, listening: String, port: Int, lan: [String]
  ) -> PublicAddress {
    let base: String
    var isLoopback = false
    if let publicURL {
      base = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
      isLoopback = OriginText.host(ofURL: base).map { Self.isLoopback($0.lowercased()) } ?? false
    } else {
      let isEverywhere = listening == "0.0.0.0" || listening == "::"
      let host = isEverywhere ? lan.first ?? "localhost" : listening
      isLoopback = Self.isLoopback(host)
      let authority = host.contains(":") ? "[\(host)]" : host
      base = "\(isTLS ? "https" : "http")://\(authority):\(port)"
    }
    if isLoopback { return PublicAddress(base: base, warning: loopbackWarning) }
    return PublicAddress(base: base, warning: base.hasPrefix("https://") ? nil : insecureWarning)
  }

  private static func isLoopback(_ host: String) -> Bool {
    host == "localhost" || host.hasPrefix("127.") || host == "::1"
  }

  /// The IPv4 addresses of the machine's real interfaces, the likeliest first.
  static func lanAddresses() -> [String] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    let routed = routedAddress()
    var found: [(rank: Int, text: String)] = []
    var entry = list
    while let interface = entry?.pointee {
      entry = interface.ifa_next
      guard let address = interface.ifa_addr, address.pointee.sa_family == sa_family_t(AF_INET),
        interface.ifa_flags & UInt32(IFF_UP) != 0, interface.ifa_flags & UInt32(IFF_LOOPBACK) == 0
      else { continue }
      var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
      guard
        getnameinfo(
          address, socklen_t(MemoryLayout<sockaddr_in>.size), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0
      else { continue }
      let text = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      let name = String(cString: interface.ifa_name)
      found.append((rank(text, interface: name, isRouted: text == routed), text))
    }
    return found.sorted { $0.rank < $1.rank }.map(\.text)
  }

  /// The address by which the machine would reach the world: that of its default route. Nothing is sent.
  private static func routedAddress() -> String? {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // TEST-NET-1 (RFC 5737): nobody's address.
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(9).bigEndian
    address.sin_addr.s_addr = UInt32(0xC000_0201).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    return withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard connect(descriptor, address, size) == 0, getsockname(descriptor, address, &size) == 0 else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, size, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else { return nil }
        return String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      }
    }
  }

  /// Of containers, virtual machines and tunnels: no phone is behind them.
  private static let elsewhere = [
    "docker", "br-", "veth", "virbr", "vmnet", "lxc", "lxd", "cni", "podman", "vboxnet", "flannel", "cali", "tun",
    "tap", "wg",
    "tailscale", "zt", "ppp", "utun",
  ]

  /// The address of the default route is the likeliest: there the router is, and with it the phones.
  static func rank(_ address: String, interface: String, isRouted: Bool = false) -> Int {
    if elsewhere.contains(where: { interface.hasPrefix($0) }) { return 9 }
    if address.hasPrefix("169.254.") { return 8 }
    if isRouted { return -1 }
    if address.hasPrefix("192.168.") { return 0 }
    if address.hasPrefix("10.") { return 1 }
    if address.hasPrefix("172.") { return 2 }
    return 3
  }
}
