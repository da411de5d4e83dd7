/// Carries a reference to something the loop owns through code that runs elsewhere, and hands it out only on the loop.
///
/// `@unchecked Sendable` holds because `withValue` stops the process when it is called on any other thread.
public struct LoopBound<Value>: @unchecked Sendable {
  private let value: Value
  private let handle: LoopHandle

  public init(_ value: Value, on loop: EventLoop) {
    self.value = value
    self.handle = loop.handle
  }

  public func withValue<Result>(_ body: (Value) throws -> Result) rethrows -> Result {
    handle.assertOnLoop()
    return try body(value)
  }
}
