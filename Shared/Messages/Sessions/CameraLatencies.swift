/// How late each model's camera is: what lies between the light and the instant that its browser gives for a picture.
///
/// The operator measures it (`make sync-report`) and sets it; no clock can know it. A model that is not listed counts as 0.
public struct CameraLatencies: Hashable, Sendable {
  /// One second.
  public static let maximumMicroseconds: UInt32 = 1_000_000
  private let microsecondsByModel: [String: UInt32]

  public static let none = CameraLatencies([:])

  private init(_ microsecondsByModel: [String: UInt32]) { self.microsecondsByModel = microsecondsByModel }

  /// Reads `Pixel 7:38,iPhone14,2:22.5`: a model, a colon and ms from 0 to 1000, separated by commas. A model's name may have
  /// commas and colons itself: only what follows its last colon is a number. Nil when it makes no sense.
  public init?(_ text: String) {
    var found: [String: UInt32] = [:]
    var name = ""
    for part in text.split(separator: ",", omittingEmptySubsequences: false) {
      name += name.isEmpty ? String(part) : ",\(part)"
      guard let colon = name.lastIndex(of: ":"), let latency = Self.microseconds(name[name.index(after: colon)...])
      else { continue }
      let model = Self.plain(name[..<colon])
      guard !model.isEmpty, found.updateValue(latency, forKey: model) == nil else { return nil }
      name = ""
    }
    guard name.allSatisfy({ $0 == " " }) else { return nil }
    self.init(found)
  }

  /// µs to take off the capture instants of a model's pictures. Capital letters and spaces around make no difference.
  public func microseconds(of model: String?) -> UInt32 {
    guard let model, !microsecondsByModel.isEmpty else { return 0 }
    return microsecondsByModel[Self.plain(model[...])] ?? 0
  }

  private static func plain(_ model: Substring) -> String {
    let begun = model.drop { $0 == " " }
    let end = begun.lastIndex { $0 != " " }
    return end.map { begun[...$0].lowercased() } ?? ""
  }

  private static func microseconds(_ text: Substring) -> UInt32? {
    let digits = plain(text)
    guard digits.allSatisfy({ $0.isASCII && ($0.isNumber || $0 == ".") }), let milliseconds = Double(digits),
      milliseconds * 1000 <= Double(maximumMicroseconds)
    else { return nil }
    return UInt32((milliseconds * 1000).rounded())
  }
}
