/// `multipart/form-data` bodies (RFC 7578), as far as one uploaded file needs.
enum Multipart {
  /// The bytes of the first part that has a file name, or of the first part if none has.
  static func firstFile(in body: [UInt8], contentType: String) -> ArraySlice<UInt8>? {
    guard let boundary = boundary(of: contentType) else { return nil }
    let parts = split(body, by: Array("--\(boundary)".utf8))
    let files = parts.compactMap { part -> (isFile: Bool, content: ArraySlice<UInt8>)? in
      guard let end = find([13, 10, 13, 10], in: part) else { return nil }
      let header = String(decoding: part[part.startIndex..<end], as: UTF8.self).lowercased()
      return (
        header.split(separator: "\r\n").contains { $0.hasPrefix("content-disposition") && $0.contains("filename") },
        part[(end + 4)...]
      )
    }
    return (files.first { $0.isFile } ?? files.first)?.content
  }

  static func boundary(of contentType: String) -> String? {
    for parameter in contentType.split(separator: ";").dropFirst() {
      let trimmed = parameter.drop { $0 == " " }
      guard trimmed.lowercased().hasPrefix("boundary=") else { continue }
      var value = trimmed.dropFirst("boundary=".count)
      if value.first == "\"", value.last == "\"", value.count >= 2 { value = value.dropFirst().dropLast() }
      // RFC 2046, section 5.1.1.
      return (1...70).contains(value.utf8.count) ? String(value) : nil
    }
    return nil
  }

  /// What stands between the delimiters, each without the line ends around it.
  private static func split(_ body: [UInt8], by delimiter: [UInt8]) -> [ArraySlice<UInt8>] {
    var parts: [ArraySlice<UInt8>] = []
    var rest = body[...]
    guard let first = find(delimiter, in: rest) else { return [] }
    rest = rest[(first + delimiter.count)...]
    let inner = [13, 10] + delimiter
    while rest.starts(with: [13, 10]), let end = find(inner, in: rest) {
      parts.append(rest[(rest.startIndex + 2)..<max(end, rest.startIndex + 2)])
      rest = rest[(end + inner.count)...]
    }
    return parts
  }

  private static func find(_ needle: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
    guard let first = needle.first, bytes.count >= needle.count else { return nil }
    var start = bytes.startIndex
    while let hit = bytes[start...].firstIndex(of: first), hit + needle.count <= bytes.endIndex {
      if bytes[hit..<(hit + needle.count)].elementsEqual(needle) { return hit }
      start = hit + 1
    }
    return nil
  }
}
