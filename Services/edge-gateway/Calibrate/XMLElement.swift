/// One element of a small XML document: what a calibration file needs, no text, no namespaces.
final class XMLElement {
  let name: String
  let attributes: [String: String]
  private(set) var children: [XMLElement] = []

  init(name: String, attributes: [String: String]) {
    self.name = name
    self.attributes = attributes
  }

  func append(_ child: XMLElement) { children.append(child) }

  func all(_ name: String) -> [XMLElement] { children.filter { $0.name == name } }

  func first(_ name: String) -> XMLElement? { children.first { $0.name == name } }
}
