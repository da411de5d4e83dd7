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
  static let loopbackURLWarning =
    "This address works on this machine only. Set AXOLOTL_PUBLIC_URL, where it stands, to one that the phones reach."
  static let loopbackOnlyWarning =
    "This address works on this machine only, as AXOLOTL_BIND_ADDRESS has it. Set that to 0.0.0.0, or AXOLOTL_PUBLIC_URL to "
    + "the address of a proxy in front."
  static let elsewhereWarning =
    "Phones may not reach this address: only that of a container, a virtual machine or a tunnel was found. "
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
      listening: settings[AppSettings.bindAddress], port: port, lan: LANAddress.all())
  }

  /// - Parameters:
  ///   - listening: the address listened on; a particular one is where phones must go.
  ///   - lan: the machine's own addresses, best first.
  static func choose(
    publicURL: String?, isTLS: Bool, listening: String, port: Int, lan: [LANAddress]
  ) -> PublicAddress {
    let base: String
    var reason: String?
    if let publicURL {
      base = publicURL.hasSuffix("/") ? String(publicURL.dropLast()) : publicURL
      let isLoopback = OriginText.host(ofURL: base).map { Self.isLoopback($0.lowercased()) } ?? false
      if isLoopback { reason = loopbackURLWarning }
    } else {
      let isEverywhere = listening == "0.0.0.0" || listening == "::"
      let host = isEverywhere ? lan.first?.text ?? "localhost" : listening
      if isLoopback(host) {
        reason = isEverywhere ? loopbackWarning : loopbackOnlyWarning
      } else if isEverywhere, lan.first?.isElsewhere == true {
        reason = elsewhereWarning
      }
      let authority = host.contains(":") ? "[\(host)]" : host
      base = "\(isTLS ? "https" : "http")://\(authority):\(port)"
    }
    return PublicAddress(base: base, warning: reason ?? (base.hasPrefix("https://") ? nil : insecureWarning))
  }

  private static func isLoopback(_ host: String) -> Bool {
    var address = in_addr()
    if inet_pton(AF_INET, host, &address) == 1 { return UInt32(bigEndian: address.s_addr) >> 24 == 127 }
    return host == "localhost" || host == "::1"
  }
}
