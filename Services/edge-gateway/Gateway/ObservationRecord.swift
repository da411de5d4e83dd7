import Messages
import Reconstruction
import Timing

/// What a session's reconstruction was made of, in the order in which it came: enough to make it again with better times.
///
/// A byte that says which, then the bytes of `Observation2D`, or a SessionTime (i64, little-endian, µs) and a calibration as
/// JSON.
enum ObservationRecord: JournalRecord {
  case observation(Observation2D)
  /// In force for instants from that one on; the first one for those before it too.
  case calibration(from: SessionTime, document: [UInt8])

  static var journalMagic: StaticString { "AXV1" }
  static var longestRecord: Int { SetCalibration.maximumBytes * 2 }

  static var signatureSize: Int { 10 }
  static func mayBegin(_ bytes: UnsafeRawBufferPointer) -> Bool {
    switch bytes[0] {
    case observationTag: bytes[1..<5].elementsEqual("AXO1".utf8)
    case calibrationTag: bytes[9] == UInt8(ascii: "{")
    default: false
    }
  }

  /// Any bytes could be a calibration's, but for what it says.
  var isConvincing: Bool {
    switch self {
    case .observation: true
    case .calibration(_, let document): (try? CalibrationJSON.decode(document)) != nil
    }
  }

  private static let observationTag: UInt8 = 1
  private static let calibrationTag: UInt8 = 2

  init(decoding bytes: UnsafeRawBufferPointer) throws(DecodingFailure) {
    guard let tag = bytes.first else { throw .truncated(needed: 1, have: 0) }
    let rest = UnsafeRawBufferPointer(rebasing: bytes[1...])
    switch tag {
    case Self.observationTag: self = .observation(try Observation2D(decoding: rest))
    case Self.calibrationTag:
      guard rest.count > 8 else { throw .truncated(needed: 9, have: rest.count) }
      let from = Int64(littleEndian: rest.loadUnaligned(as: Int64.self))
      self = .calibration(from: SessionTime(microseconds: from), document: Array(rest[8...]))
    default: throw .unknownValue(field: "kind")
    }
  }

  func encoded() -> [UInt8] {
    switch self {
    case .observation(let observation): [Self.observationTag] + observation.encoded()
    case .calibration(let from, let document):
      [Self.calibrationTag] + withUnsafeBytes(of: from.microseconds.littleEndian) { Array($0) } + document
    }
  }
}
