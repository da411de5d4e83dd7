import Testing

@testable import ApiFront

@Suite struct OriginTextTests {
  @Test(
    arguments: [
      ("https://rig.example:8443/x", "rig.example"), ("https://rig.example", "rig.example"),
      ("http://192.168.1.10/", "192.168.1.10"), ("https://rig.example?a=[b]:1", "rig.example"),
      ("https://rig.example#@x", "rig.example"),
      ("https://[fe80::1]:8443/x", "fe80::1"), ("https://[2001:db8::7]/x:y", "2001:db8::7"), ("https://[::1]", "::1"),
      ("https://coach:secret@rig.example:8443/x", "rig.example"), ("https://coach@[fe80::1]/", "fe80::1"),
      ("https://rig.example/@elsewhere", "rig.example"), ("https://rig.example:/", "rig.example"),
    ])
  func theHostOfAnAddress(url: String, host: String) {
    #expect(OriginText.host(ofURL: url) == host)
  }

  @Test(
    arguments: [
      "", "/", "rig.example", "rig.example:8443/x", "https:", "https://", "https:///x", "//rig.example/x",
      "https:/x/rig.example", "https://:8443", "https://@", "https://fe80::1/x", "https://[fe80::1",
      "https://fe80::1]/", "https://[]/", "https://[rig]/", "https://[10.0.0.1]/", "https://[fe80::1]x/",
      "https://[fe80::1%25eth0]/",
      "https://[fe80::1]:x", "https://rig.example:x/", "https://rig.example:80:80/",
    ])
  func nonsenseHasNone(url: String) {
    #expect(OriginText.host(ofURL: url) == nil)
  }
}
