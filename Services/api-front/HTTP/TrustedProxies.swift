/// Proxies in front, whose word on who asks is believed.
///
/// Anybody can send `X-Forwarded-For`; only what a trusted proxy has added to it counts. Each proxy appends whom it got
/// the request from, so the list is read from its end, to the first address that is not a trusted proxy itself.
///
/// Whole addresses are compared: the neighbours of a proxy, in its /64 too, are anybody.
struct TrustedProxies: Sendable {
  private let addresses: Set<IPAddress>

  /// - Parameter texts: IP addresses.
  init(_ texts: [String]) { addresses = Set(texts.compactMap { IPAddress($0) }) }

  func contains(_ address: IPAddress) -> Bool { addresses.contains(address) }

  /// Who asks, as limits count it; nil when the connection's own address is not known.
  func client(peer: String, forwardedFor: String?) -> ClientAddress? {
    source(peer: peer, forwardedFor: forwardedFor).map { ClientAddress($0) }
  }

  /// The whole address of who asks; nil when the connection's own is not known.
  func source(peer: String, forwardedFor: String?) -> IPAddress? {
    guard let peer = IPAddress(peer) else { return nil }
    guard contains(peer), let forwardedFor else { return peer }
    var nearest = peer
    for entry in forwardedFor.split(separator: ",").reversed() {
      // Who wrote something that is no address is not believed about what stands before it.
      guard let address = IPAddress(String(entry.drop { $0 == " " }.prefix { $0 != " " })) else { return nearest }
      nearest = address
      if !contains(address) { return address }
    }
    return nearest
  }
}
