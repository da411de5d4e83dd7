/// Binary, little-endian: `AXV1`, kind u8, device as a short string (empty: none), token as a long string.
extension VerifyToken: BinaryLayout {
  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXV1")
    let kind = try TokenKind(from: &reader)
    let device = try reader.identifier("device") { DeviceID($0) }
    let token = try reader.longString("token")
    try reader.finish()
    self.init(token: token, kind: kind, device: device)
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 96 + token.utf8.count)
    writer.magic("AXV1")
    writer.integer(kind.number)
    writer.shortString(device?.text ?? "")
    writer.longString(token)
    return writer.bytes
  }
}

/// Binary, little-endian: `AXW1`, kind u8, mode u8 (0 none, 1 single, 2 3D), session and device as short strings
/// (empty: none), jti as a short string, issued and expires i64 (seconds since the Unix epoch), devices left u32.
extension VerifyToken.Reply: BinaryLayout {
  public init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    var reader = ByteReader(bytes)
    try reader.magic("AXW1")
    let kind = try TokenKind(from: &reader)
    let mode = try SessionMode.optional(from: &reader)
    let session = try reader.identifier("session") { SessionID($0) }
    let device = try reader.identifier("device") { DeviceID($0) }
    let jti = try reader.shortString("jti")
    let claims = TokenClaims(
      kind: kind, session: session, device: device, mode: mode, issuedAt: try reader.integer(),
      expiresAt: try reader.integer(), jti: jti)
    let devicesLeft = Int(try reader.integer(UInt32.self))
    try reader.finish()
    self.init(claims: claims, devicesLeft: devicesLeft)
  }

  public func encoded() -> [UInt8] {
    var writer = ByteWriter(reservingCapacity: 224)
    writer.magic("AXW1")
    writer.integer(claims.kind.number)
    writer.integer(claims.mode?.number ?? 0)
    writer.shortString(claims.session?.text ?? "")
    writer.shortString(claims.device?.text ?? "")
    writer.shortString(claims.jti)
    writer.integer(claims.issuedAt)
    writer.integer(claims.expiresAt)
    writer.integer(UInt32(clamping: devicesLeft))
    return writer.bytes
  }
}

extension TokenKind {
  fileprivate var number: UInt8 {
    switch self {
    case .pairing: 1
    case .device: 2
    case .coach: 3
    }
  }

  fileprivate init(from reader: inout ByteReader) throws(DecodingFailure) {
    switch try reader.integer(UInt8.self) {
    case 1: self = .pairing
    case 2: self = .device
    case 3: self = .coach
    default: throw .unknownValue(field: "kind")
    }
  }
}

extension SessionMode {
  fileprivate var number: UInt8 {
    switch self {
    case .single: 1
    case .threeD: 2
    }
  }

  fileprivate static func optional(from reader: inout ByteReader) throws(DecodingFailure) -> SessionMode? {
    switch try reader.integer(UInt8.self) {
    case 0: return nil
    case 1: return .single
    case 2: return .threeD
    default: throw .unknownValue(field: "mode")
    }
  }
}

extension ByteReader {
  /// An identifier as a short string, where an empty one stands for none.
  fileprivate mutating func identifier<Name>(
    _ field: String, _ make: (String) -> Name?
  ) throws(DecodingFailure) -> Name? {
    let text = try shortString(field)
    if text.isEmpty { return nil }
    guard let name = make(text) else { throw .invalid(field: field) }
    return name
  }
}
