import Glibc

/// The shape of IP addresses in settings.
enum NetworkAddress {
  /// Whether `text` is an IPv4 or IPv6 address without port, zone or prefix length.
  static func isValid(_ text: String) -> Bool {
    var room = in6_addr()
    return inet_pton(AF_INET, text, &room) == 1 || inet_pton(AF_INET6, text, &room) == 1
  }
}
