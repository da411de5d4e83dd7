/// Where a client is, as limits count it.
///
/// One IPv4 address, or the /64 of an IPv6 address: a household or an attacker commonly has all 2⁶⁴ addresses of one.
///
/// Link-local IPv6 addresses all share a /64, so there the interface's half tells machines apart, although a machine may
/// give itself any number. Counted as one they would be worse: whoever spent the rate would keep out every phone that
/// reaches the server by its `.local` name, and the coach. Little would be won: of a LAN's IPv4 addresses a machine may have
/// many too, keys and tokens are too long to be guessed at any rate, and typed codes have a budget of the whole server.
/// Connections are another matter, for a few addresses could take all: there link-local ones have a share
/// (`ConnectionLedger`).
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

  var isLinkLocal: Bool {
    if case .v6LinkLocal = self { true } else { false }
  }

  /// nil when the text is no address. A zone (`fe80::1%eth0`) is left out.
  init?(_ text: String) {
    guard let address = IPAddress(text) else { return nil }
    self.init(address)
  }
}
