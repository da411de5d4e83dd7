import Glibc

/// Where a client is, as limits count it.
///
/// One IPv4 address, or the /64 of an IPv6 address: a household or an attacker commonly has all 2⁶⁴ addresses of one.
/// Link-local IPv6 addresses all share a /64, so there the interface's half tells machines apart.
enum ClientAddress: Hashable, Sendable {
  case v4(UInt32)
  case v6(UInt64)
  case v6LinkLocal(UInt64)

  /// nil when the text is no address. A zone (`fe80::1%eth0`) is left out.
  init?(_ text: String) {
    let plain = String(text.prefix { $0 != "%" })
    var four = in_addr()
    if inet_pton(AF_INET, plain, &four) == 1 {
      self = .v4(UInt32(bigEndian: four.s_addr))
      return
    }
    var six = in6_addr()
    guard inet_pton(AF_INET6, plain, &six) == 1 else { return nil }
    self = withUnsafeBytes(of: &six) { bytes in
      let high = UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self))
      let low = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
      // An IPv4 client of a socket that serves both (RFC 4291, section 2.5.5.2).
      if high == 0, low >> 32 == 0xFFFF { return .v4(UInt32(truncatingIfNeeded: low)) }
      return high >> 54 == 0xFE80 >> 6 ? .v6LinkLocal(low) : .v6(high)
    }
  }

  /// The other end of a connected TCP socket; nil when it is gone already.
  static func peer(ofSocket descriptor: Int32) -> ClientAddress? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    return withUnsafeMutablePointer(to: &storage) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard getpeername(descriptor, address, &length) == 0 else { return nil }
        var host = [CChar](repeating: 0, count: Int(NI_MAXHOST))
        guard getnameinfo(address, length, &host, socklen_t(host.count), nil, 0, NI_NUMERICHOST) == 0 else {
          return nil
        }
        return ClientAddress(String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
      }
    }
  }
}
