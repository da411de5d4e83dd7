import Messages
import Timing

/// One place that holds something of a session.
public enum DeletionPart: Hashable, Sendable {
  case tokens
  case stream(instance: Int)
  case gateway

  /// As it is stored, and named in a receipt.
  public var name: String {
    switch self {
    case .tokens: Service.tokenService.rawValue
    case .stream(let instance): "\(Service.streamService.rawValue)@\(instance)"
    case .gateway: Service.edgeGateway.rawValue
    }
  }

  public init?(name: String) {
    switch name {
    case DeletionPart.tokens.name: self = .tokens
    case DeletionPart.gateway.name: self = .gateway
    default:
      let parts = name.split(separator: "@", maxSplits: 1)
      guard parts.count == 2, parts[0] == Service.streamService.rawValue, let instance = Int(parts[1]) else {
        return nil
      }
      self = .stream(instance: instance)
    }
  }

  var isStream: Bool { if case .stream = self { true } else { false } }
}

/// What was removed in one place so far. Of stream-svc's instances, which share a folder: what the others did not tell of.
public struct DeletionResult: Hashable, Sendable {
  /// Tokens or files.
  public var items = 0
  public var bytes = 0
  public var isDone = false
}

/// A deletion as it is stored.
public struct DeletionRecord: Hashable, Sendable {
  public let session: SessionID
  /// Under which each place keeps what it removed, so that it can say so after a kill.
  public let id: DeletionID
  public let devices: Int
  public let parts: [DeletionPart: DeletionResult]
}

/// A deletion on its way, as a pure value: whom to ask next, and what the receipt says.
struct DeletionJob {
  private struct Attempt {
    var failures = 0
    var isInFlight = false
    var notBefore = SessionTime.zero
  }

  let session: SessionID
  let id: DeletionID
  private let devices: Int
  private(set) var results: [DeletionPart: DeletionResult]
  private var attempts: [DeletionPart: Attempt] = [:]

  static let firstBackOff = Duration.seconds(1)
  static let longestBackOff = Duration.seconds(60)

  init(_ record: DeletionRecord) {
    session = record.session
    id = record.id
    devices = record.devices
    results = record.parts
  }

  var isFinished: Bool { results.values.allSatisfy(\.isDone) }

  /// Whom to ask now: tokens first, so that nothing new begins, and the gateway last: until the streams have let go of
  /// the session, they still send it observations.
  ///
  /// - Parameter faltering: parts that are not waited for, because they did not do it for another session either.
  func due(at now: SessionTime, faltering: Set<DeletionPart> = []) -> [DeletionPart] {
    results.keys.filter { part in
      let attempt = attempts[part] ?? Attempt()
      guard results[part]?.isDone == false, !attempt.isInFlight, attempt.notBefore <= now else { return false }
      return part != .gateway
        || streams.allSatisfy {
          results[$0]!.isDone || attempts[$0]?.failures ?? 0 > 0 || faltering.contains($0)
        }
    }.sorted { $0.name > $1.name }
  }

  /// Zero for a part that was never asked.
  func notBefore(_ part: DeletionPart) -> SessionTime { attempts[part]?.notBefore ?? .zero }

  mutating func began(_ part: DeletionPart) { attempts[part, default: Attempt()].isInFlight = true }

  /// What is to be stored now. A gateway that answers while a stream still holds the session is asked once more later.
  ///
  /// - Parameters:
  ///   - items: of this deletion in all; with a stream, whichever instance removed them.
  ///   - bytes: likewise.
  mutating func succeeded(_ part: DeletionPart, items: Int, bytes: Int, at now: SessionTime) -> DeletionResult {
    attempts[part, default: Attempt()].isInFlight = false
    var result = results[part] ?? DeletionResult()
    let others = part.isStream ? streams.filter { $0 != part }.map { results[$0]! } : []
    result.items = max(result.items, items - others.reduce(0) { $0 + $1.items })
    result.bytes = max(result.bytes, bytes - others.reduce(0) { $0 + $1.bytes })
    result.isDone = part != .gateway || streams.allSatisfy { results[$0]!.isDone }
    if !result.isDone { delay(part, from: now) }
    results[part] = result
    return result
  }

  mutating func failed(_ part: DeletionPart, at now: SessionTime) {
    attempts[part, default: Attempt()].isInFlight = false
    delay(part, from: now)
  }

  var receipt: DeletionReceipt {
    let recordings = streams.map { results[$0]! }
    return DeletionReceipt(
      session: session, devices: devices, tokens: results[.tokens]?.items ?? 0,
      recordingFiles: recordings.reduce(0) { $0 + $1.items }, recordingBytes: recordings.reduce(0) { $0 + $1.bytes },
      poseFiles: results[.gateway]?.items ?? 0,
      pending: results.filter { !$0.value.isDone }.map(\.key.name).sorted())
  }

  private var streams: [DeletionPart] { results.keys.filter(\.isStream) }

  private mutating func delay(_ part: DeletionPart, from now: SessionTime) {
    var attempt = attempts[part] ?? Attempt()
    let backOff = Self.firstBackOff * (1 << min(attempt.failures, 6))
    attempt.failures += 1
    attempt.notBefore = now.advanced(by: min(backOff, Self.longestBackOff))
    attempts[part] = attempt
  }
}
