/// Reads hosts out of addresses that the operator or the system gave.
enum OriginText {
  /// `rig.example` of `https://rig.example:8443/x`, and of an IPv6 address what stands in its brackets; nil where there is
  /// no host (RFC 3986, section 3.2).
  static func host(ofURL url: String) -> String? {
    guard let colon = url.firstIndex(of: ":"), colon != url.startIndex, url[colon...].hasPrefix("://") else {
      return nil
    }
    let authority = url[colon...].dropFirst(3).prefix { !"/?#".contains($0) }
    // Behind the name and the password of a user, if there are any.
    let place = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? authority
    guard place.first == "[" else { return plainHost(of: place) }
    let literal = place.dropFirst().prefix { $0 != "]" }
    let rest = place.dropFirst(1 + literal.count)
    // A zone means something on one machine only, and no browser takes one.
    guard rest.first == "]", isPort(rest.dropFirst()), literal.contains(":"), !literal.contains("%"),
      IPAddress(String(literal)) != nil
    else { return nil }
    return String(literal)
  }

  private static func plainHost(of place: Substring) -> String? {
    let host = place.prefix { $0 != ":" }
    guard !host.isEmpty, !host.contains("]"), isPort(place.dropFirst(host.count)) else { return nil }
    return String(host)
  }

  /// Whether `text` is what may follow a host: nothing, or a colon and digits, of which there may be none.
  private static func isPort(_ text: Substring) -> Bool {
    text.isEmpty || text.first == ":" && text.dropFirst().allSatisfy { $0.isASCII && $0.isNumber }
  }

  static func isPlainHost(_ host: String) -> Bool {
    !host.isEmpty && host.utf8.count <= 253
      && host.unicodeScalars.allSatisfy {
        $0.isASCII && ($0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "-" || $0 == ".")
      }
  }
}
