import Crypto
import Foundation
import Messages
import Testing

@testable import TokenService

/// Tokens made by PyJWT (see Reference/make_pyjwt_vectors.py).
private struct Vectors: Decodable {
  struct Bad: Decodable, CustomTestStringConvertible {
    let name: String
    let kind: TokenKind
    let code: String
    let token: String
    var testDescription: String { name }
  }
  let secret: String
  let now: Int64
  let issued: Int64
  let expires: Int64
  let jti: String
  let good: [String: String]
  let bad: [Bad]

  static let all: Vectors = {
    let url = Bundle.module.url(forResource: "Reference/pyjwt_vectors", withExtension: "json")!
    return try! JSONDecoder().decode(Vectors.self, from: Data(contentsOf: url))
  }()

  func codec() throws -> TokenCodec { TokenCodec(keys: try KeyRing(current: Array(secret.utf8))) }

  func claims(_ kind: TokenKind) -> TokenClaims {
    TokenClaims(
      kind: kind, session: kind == .device ? session : nil, device: kind == .device ? device(1) : nil,
      mode: kind == .device ? .threeD : nil, issuedAt: issued, expiresAt: expires, jti: jti)
  }
}

@Suite struct TokenCodecTests {
  @Test(arguments: [(TokenKind.pairing, "pairing"), (.device, "device"), (.coach, "coach")])
  func tokensOfPyJWTAreReadAndWrittenAlike(_ kind: TokenKind, _ name: String) throws {
    let vectors = Vectors.all
    let token = try #require(vectors.good[name])
    let codec = try vectors.codec()
    #expect(try codec.verify(token, kind: kind, now: vectors.now) == vectors.claims(kind))
    // The same bytes, so PyJWT reads what Axolotl signs: the script that made them checked that.
    #expect(try codec.sign(vectors.claims(kind)) == token)
  }

  @Test(arguments: Vectors.all.bad)
  private func attacksAreRefusedByName(_ bad: Vectors.Bad) throws {
    let codec = try Vectors.all.codec()
    let error = #expect(throws: TokenError.self) {
      _ = try codec.verify(bad.token, kind: bad.kind, now: Vectors.all.now)
    }
    #expect(error?.rawValue == bad.code)
  }

  @Test func noKindPassesForAnother() throws {
    let codec = try Vectors.all.codec()
    for made in TokenKind.allCases {
      let token = try codec.sign(Vectors.all.claims(made))
      for asked in TokenKind.allCases where asked != made {
        #expect(throws: TokenError.wrongKind) { try codec.verify(token, kind: asked, now: Vectors.all.now) }
      }
    }
  }

  /// Every single-character change and every cut of a good token is refused with a typed error.
  @Test func noDamagedTokenPasses() throws {
    let codec = try Vectors.all.codec()
    let token = Array(try codec.sign(Vectors.all.claims(.pairing)).utf8)
    for position in token.indices {
      for replacement in [token[position] ^ 1, UInt8(ascii: "A"), UInt8(ascii: "."), 0x80] {
        var damaged = token
        guard damaged[position] != replacement else { continue }
        damaged[position] = replacement
        let text = String(decoding: damaged, as: UTF8.self)
        #expect(throws: TokenError.self) { try codec.verify(text, kind: .pairing, now: Vectors.all.now) }
      }
      let cut = String(decoding: token[..<position], as: UTF8.self)
      #expect(throws: TokenError.self) { try codec.verify(cut, kind: .pairing, now: Vectors.all.now) }
    }
  }

  /// RFC 7515, appendix A.1: the signature over the example's own bytes, under its own key.
  @Test func appendixA1OfRFC7515() throws {
    let key =
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow"
    let text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9"
      + ".eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
      + ".dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
    let token = try CompactToken(text)
    #expect(try token.header().string("alg") == "HS256")
    #expect(try token.header().string("typ") == "JWT")
    #expect(FlatJSON(token.payload)?.integer("exp") == 1_300_819_380)
    #expect(FlatJSON(token.payload)?.has("http://example.com/is_root") == true)
    let secret = try #require(Base64URL.decode(key))
    #expect(try SigningKey(secret: secret).signed(token))
    #expect(try !SigningKey(secret: secret.reversed()).signed(token))
  }

  @Test func aRotationDropsNobody() throws {
    let old = Array("the-old-secret-of-thirty-two-bytes".utf8)
    let new = Array("the-new-secret-of-thirty-two-bytes".utf8)
    let claims = Vectors.all.claims(.device)
    let before = try TokenCodec(keys: KeyRing(current: old)).sign(claims)
    let rotated = TokenCodec(keys: try KeyRing(current: new, previous: old))
    #expect(try rotated.verify(before, kind: .device, now: claims.issuedAt) == claims)
    let after = try rotated.sign(claims)
    #expect(after != before)
    let finished = TokenCodec(keys: try KeyRing(current: new))
    #expect(try finished.verify(after, kind: .device, now: claims.issuedAt) == claims)
    #expect(throws: TokenError.unknownKey) { try finished.verify(before, kind: .device, now: claims.issuedAt) }
  }
}
