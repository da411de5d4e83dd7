import Crypto
import Runtime

/// The coach's key: set by the operator, or made on the first start and kept for its owner alone.
struct CoachKey: Sendable {
  private let bytes: [UInt8]

  init(_ text: String) { bytes = Array(text.utf8) }

  /// Compares without giving away by its duration where the first difference is.
  func matches(_ candidate: String) -> Bool { constantTimeEqual(Array(candidate.utf8), bytes) }

  /// By which another key is told apart, and nothing else is learnt.
  func digest() throws(CryptoError) -> String {
    Base64URL.encode(try SHA256.digest(of: Array("axolotl coach key: ".utf8) + bytes))
  }

  static func load(configured: String?, stateDirectory: String) throws -> CoachKey {
    if let configured {
      guard SecretShape.isCoachKey(configured) else { throw CoachKeyError.weak }
      return CoachKey(configured)
    }
    let path = "\(stateDirectory)/coach-key"
    try makeDirectories(stateDirectory)
    let kept = try KeptSecret.load(path) { Base64URL.encode(try SecureRandom().bytes(24)) }
    guard SecretShape.isCoachKey(kept) else { throw CoachKeyError.damaged(path) }
    return CoachKey(kept)
  }
}

enum CoachKeyError: ConfigurationFault, CustomStringConvertible {
  case weak
  case damaged(String)

  var description: String {
    switch self {
    case .weak: "AXOLOTL_COACH_KEY must be \(SecretShape.coachKeyExpectation)."
    case .damaged(let path): "\(path) holds no usable key. Remove it, and a new one is made."
    }
  }
}
