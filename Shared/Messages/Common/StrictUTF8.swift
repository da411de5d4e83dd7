extension String {
  /// nil unless `bytes` are UTF-8. The same as `String(validating:as:)`, which is generic and costs a microsecond each.
  public init?(strictUTF8 bytes: UnsafeRawBufferPointer) {
    // Repairs what is wrong; then it no longer says the same. In ASCII nothing can be wrong.
    var text = String(decoding: bytes, as: UTF8.self)
    let isWhole =
      bytes.isASCII
      || text.withUTF8 { utf8 in utf8.count == bytes.count && zip(utf8, bytes).allSatisfy { $0 == $1 } }
    guard isWhole else { return nil }
    self = text
  }

  public init?(strictUTF8 bytes: ArraySlice<UInt8>) {
    guard let text = bytes.withUnsafeBytes({ String(strictUTF8: $0) }) else { return nil }
    self = text
  }
}

extension UnsafeRawBufferPointer {
  fileprivate var isASCII: Bool {
    var offset = 0
    while offset + 8 <= count {
      if loadUnaligned(fromByteOffset: offset, as: UInt64.self) & 0x8080_8080_8080_8080 != 0 { return false }
      offset += 8
    }
    while offset < count {
      if self[offset] >= 0x80 { return false }
      offset += 1
    }
    return true
  }
}
