/// Where a client is, as limits count it.
///
/// One IPv4 address, or the /64 of an IPv6 address: a household or an attacker commonly has all 2⁶⁴ addresses of one.
/// Link-local IPv6 addresses all share a /64, so there the interface's half tells machines apart.
enum ClientAddress: Hashable, Sendable {
  case v4(UInt32)
  case v6(UInt64)
  case v6LinkLocal(UInt64)

  init(_ address: IPAddress) {
    if let v4 = address.v4 {
      self = .v4(v4)
    } else {
      self = address.high >> 54 == 0xFE80 >> 6 ? .v6LinkLocal(address.low) : .v6(address.high)
    }
  }

  /// nil when the text is no address. A zone (`fe80::1%eth0`) is left out.
  init?(_ text: String) {
    guard let address = IPAddress(text) else { return nil }
    self.init(address)
  }
}
