/// What to send, how fast, how long.
struct LoadOptions {
  static let usage = """
    usage: axolotl-load --picture FILE [--bytes N] [--fps N | --window N] [--seconds N] [--warm-up N] < ADDRESSES
      ADDRESSES         the `ws_url` of registered phones, one a line; ws:// only
      --picture FILE    a JPEG that every frame carries
      --bytes N         makes it this large, by comment segments (as it is)
      --fps N           each phone films at this rate, whether the server keeps up or not
      --window N        instead: each phone sends as fast as it may with this many frames unacknowledged (8)
      --seconds N       how long is measured (5)
      --warm-up N       how long it runs before (1)

    """

  enum Pace {
    /// Frames a second.
    case steady(Double)
    /// Frames without acknowledgement.
    case window(Int)
  }

  var picture = ""
  var bytes: Int?
  var pace = Pace.window(8)
  var seconds = 5.0
  var warmUpSeconds = 1.0

  /// Nil when the arguments make no sense.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)
    while let name = rest.first {
      guard rest.count >= 2 else { return nil }
      let value = rest[1]
      switch (name, Double(value)) {
      case ("--picture", _): picture = value
      case ("--bytes", let number?) where number >= 1: bytes = Int(number)
      case ("--fps", let number?) where number > 0: pace = .steady(number)
      case ("--window", let number?) where number >= 1 && number <= 256: pace = .window(Int(number))
      case ("--seconds", let number?) where number > 0: seconds = number
      case ("--warm-up", let number?) where number >= 0: warmUpSeconds = number
      default: return nil
      }
      rest.removeFirst(2)
    }
    if picture.isEmpty { return nil }
  }
}

/// Why a run cannot go on.
struct LoadFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
