import Glibc

/// An address of this machine's own by which phones may reach it.
struct LANAddress: Equatable, Sendable {
  /// As in a certificate: without brackets.
  let text: String
  /// The lower, the likelier a phone is there.
  let rank: Int

  /// Of containers, virtual machines and tunnels: no phone is behind them.
  private static let elsewhere = [
    "docker", "br-", "veth", "virbr", "vmnet", "lxc", "lxd", "cni", "podman", "vboxnet", "flannel", "cali", "tun",
    "tap", "wg", "tailscale", "zt", "ppp", "utun",
  ]
  /// Given by the machine itself where nobody else did (RFC 3927).
  private static let rankSelfAssigned = 8
  private static let rankElsewhere = 9

  /// - Parameters:
  ///   - text: in the form of `inet_ntop`.
  ///   - interface: its name, such as `wlan0`.
  ///   - isRouted: whether it is the address of the default route: there the router is, and with it the phones.
  ///   - isTunnel: whether the interface leads to one other machine, as a VPN's does under whatever name.
  init(_ text: String, interface: String, isRouted: Bool = false, isTunnel: Bool = false) {
    self.text = text
    rank =
      if isTunnel || Self.elsewhere.contains(where: { interface.hasPrefix($0) }) {
        Self.rankElsewhere
      } else if text.hasPrefix("169.254.") {
        Self.rankSelfAssigned
      } else if text.contains(":") {
        // Not every phone has IPv6 on, and its addresses change by the day.
        isRouted ? 4 : 5
      } else if isRouted {
        -1
      } else if text.hasPrefix("192.168.") {
        0
      } else if text.hasPrefix("10.") {
        1
      } else if text.hasPrefix("172.") {
        2
      } else {
        3
      }
  }

  /// Whether only what runs on this machine, or is tunnelled to it, is likely to be there.
  var isElsewhere: Bool { rank == Self.rankElsewhere }

  /// Those of the machine's interfaces that are up and connected, the likeliest first.
  ///
  /// IPv4 alone where a network has it. IPv6's link-local addresses are never among them: a browser takes none.
  static func all() -> [LANAddress] {
    var list: UnsafeMutablePointer<ifaddrs>?
    guard getifaddrs(&list) == 0 else { return [] }
    defer { freeifaddrs(list) }
    let routed = [routedText(AF_INET), routedText(AF_INET6)]
    var found: [LANAddress] = []
    var entry = list
    while let interface = entry?.pointee {
      entry = interface.ifa_next
      // A socket without its cable is up and not running, and keeps its address.
      guard let address = interface.ifa_addr, interface.has(IFF_UP), interface.has(IFF_RUNNING),
        !interface.has(IFF_LOOPBACK), let text = numericText(address)
      else { continue }
      found.append(
        LANAddress(
          text, interface: String(cString: interface.ifa_name), isRouted: routed.contains(text),
          isTunnel: interface.has(IFF_POINTOPOINT)))
    }
    return choose(found)
  }

  /// Their texts, as certificates name them.
  static func allTexts() -> [String] { all().map(\.text) }

  /// Those of `found` that are worth telling, the likeliest first.
  static func choose(_ found: [LANAddress]) -> [LANAddress] {
    let hasIPv4 = found.contains { !$0.text.contains(":") && $0.rank < rankSelfAssigned }
    return found.filter { !hasIPv4 || !$0.text.contains(":") }.sorted { $0.rank < $1.rank }
  }

  /// nil for what is no address that a browser could be sent to.
  private static func numericText(_ address: UnsafePointer<sockaddr>) -> String? {
    let size: Int
    switch Int32(address.pointee.sa_family) {
    case AF_INET: size = MemoryLayout<sockaddr_in>.size
    case AF_INET6: size = MemoryLayout<sockaddr_in6>.size
    default: return nil
    }
    var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    guard getnameinfo(address, socklen_t(size), &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
      return nil
    }
    let text = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    // Link-local ones bear their interface.
    return text.contains("%") ? nil : text
  }

  /// The address by which the machine would reach the world: that of its default route. Nothing is sent.
  private static func routedText(_ family: Int32) -> String? {
    let descriptor = socket(family, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // TEST-NET-1 (RFC 5737) and the documentation prefix (RFC 3849): nobody's addresses.
    let nobody = family == AF_INET ? "192.0.2.1" : "2001:db8::1"
    var hints = addrinfo()
    hints.ai_family = family
    hints.ai_socktype = Int32(SOCK_DGRAM.rawValue)
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV
    var target: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(nobody, "9", &hints, &target) == 0, let target else { return nil }
    defer { freeaddrinfo(target) }
    guard connect(descriptor, target.pointee.ai_addr, target.pointee.ai_addrlen) == 0 else { return nil }
    var own = sockaddr_storage()
    var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &own) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        getsockname(descriptor, $0, &size) == 0 ? numericText($0) : nil
      }
    }
  }
}

extension ifaddrs {
  fileprivate func has(_ flag: Int) -> Bool { ifa_flags & UInt32(flag) != 0 }
}
