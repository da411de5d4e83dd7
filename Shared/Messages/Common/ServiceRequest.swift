/// A question one process asks another. It names its reply, so a mismatch does not compile.
public protocol ServiceRequest: Codable, Sendable {
  associatedtype Reply: Codable & Sendable

  /// The name on the wire, `conversation.verb`. Never reused for another meaning.
  static var name: String { get }
  /// How long the asker waits for one attempt.
  static var deadline: Duration { get }
  /// Whether asking twice does the same as asking once, so that the client may retry after a time-out.
  static var isIdempotent: Bool { get }
}

extension ServiceRequest {
  public static var deadline: Duration { .seconds(2) }
  public static var isIdempotent: Bool { true }
}

/// The reply of a request that has nothing to say beyond "done".
public struct Done: Codable, Sendable, Equatable {
  public init() {}
}
