import CExpat

/// Reads a small XML document into a tree with expat.
///
/// Bounded in size, depth and number of elements; documents that declare entities are refused, so nothing can be
/// expanded or fetched.
final class XMLReader {
  static let maxBytes = 262_144
  static let maxDepth = 16
  static let maxElements = 4096

  private var open: [XMLElement] = []
  private var root: XMLElement?
  private var elements = 0
  private var refusal: String?
  private let parser: XML_Parser

  /// Throws `CalibrationError.unreadable`.
  static func read(_ bytes: [UInt8]) throws(CalibrationError) -> XMLElement {
    guard bytes.count <= maxBytes else { throw .unreadable(reason: "it is longer than \(maxBytes) bytes") }
    // Overrides the declaration: Qualisys says "ASCII", a name that expat does not know.
    guard let parser = XML_ParserCreate("UTF-8") else { throw .unreadable(reason: "no memory for the XML parser") }
    return try XMLReader(owning: parser).parse(bytes)
  }

  private init(owning parser: XML_Parser) {
    self.parser = parser
  }

  deinit { XML_ParserFree(parser) }

  private func parse(_ bytes: [UInt8]) throws(CalibrationError) -> XMLElement {
    XML_SetUserData(parser, Unmanaged.passUnretained(self).toOpaque())
    XML_SetElementHandler(
      parser, { user, name, attributes in XMLReader.from(user)?.start(name, attributes) },
      { user, _ in XMLReader.from(user)?.end() })
    XML_SetEntityDeclHandler(parser) { user, _, _, _, _, _, _, _, _ in
      XMLReader.from(user)?.refuse("it declares entities")
    }
    let status = bytes.withUnsafeBytes { buffer in
      XML_Parse(parser, buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), 1)
    }
    if let refusal { throw .unreadable(reason: refusal) }
    guard status == XML_STATUS_OK else {
      let reason = XML_ErrorString(XML_GetErrorCode(parser)).map { String(cString: $0) } ?? "not XML"
      throw .unreadable(reason: "line \(XML_GetCurrentLineNumber(parser)): \(reason)")
    }
    guard let root else { throw .unreadable(reason: "it holds no element") }
    return root
  }

  private static func from(_ user: UnsafeMutableRawPointer?) -> XMLReader? {
    user.map { Unmanaged<XMLReader>.fromOpaque($0).takeUnretainedValue() }
  }

  private func refuse(_ reason: String) {
    if refusal == nil { refusal = reason }
    XML_StopParser(parser, XML_Bool(XML_FALSE))
  }

  private func start(
    _ name: UnsafePointer<CChar>?, _ attributes: UnsafeMutablePointer<UnsafePointer<CChar>?>?
  ) {
    elements += 1
    guard elements <= Self.maxElements, open.count < Self.maxDepth else {
      return refuse("it has more elements or levels than a calibration")
    }
    guard let name else { return }
    var pairs: [String: String] = [:]
    var index = 0
    while let attributes, let key = attributes[index], let value = attributes[index + 1] {
      pairs[String(cString: key)] = String(cString: value)
      index += 2
    }
    let element = XMLElement(name: String(cString: name), attributes: pairs)
    open.last?.append(element)
    if root == nil { root = element }
    open.append(element)
  }

  private func end() { open.removeLast() }
}
