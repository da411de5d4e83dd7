import Foundation

/// `axolotl-load`: many phones at once on real WebSockets, without browsers. It sends frames, counts acknowledgements and
/// measures how long each took, and prints one JSON object.
@main
struct Main {
  static func main() {
    guard let options = LoadOptions(CommandLine.arguments.dropFirst()) else {
      complain(LoadOptions.usage)
      exit(64)
    }
    do {
      let picture = try LoadPicture(path: options.picture, bytes: options.bytes)
      let phones = try readAddresses().map { try LoadPhone(address: $0, picture: picture, options: options) }
      guard !phones.isEmpty else { throw LoadFailure("no address came on standard input") }
      for phone in phones { try phone.begin() }
      let report = try LoadRun(phones: phones, options: options).perform()
      let encoder = JSONEncoder()
      encoder.keyEncodingStrategy = .convertToSnakeCase
      encoder.outputFormatting = [.sortedKeys]
      print(String(decoding: try encoder.encode(report), as: UTF8.self))
    } catch {
      complain("axolotl-load: \(error)\n")
      exit(1)
    }
  }

  /// The addresses that registration answered, one a line.
  private static func readAddresses() throws -> [WebSocketAddress] {
    var found: [WebSocketAddress] = []
    while let line = readLine() { found.append(try WebSocketAddress(line)) }
    return found
  }

  private static func complain(_ message: String) { FileHandle.standardError.write(Data(message.utf8)) }
}
