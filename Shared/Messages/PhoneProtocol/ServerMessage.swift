import FoundationEssentials

/// A text message to a phone (PROTOCOL.md, "Text messages").
public enum ServerMessage: Equatable, Sendable {
  /// Answer to `hello`, and again after stream-svc restarted: send from `nextSequence` on, and a clock burst.
  case welcome(nextSequence: UInt32)
  /// Answer to `clock`; all µs.
  case clock(id: UInt32, t0: Int64, t1: Int64, t2: Int64)
  /// Everything up to and including `sequence` is on disk.
  case ack(sequence: UInt32)
  /// What the coach or the server asks the phone to do.
  case command(name: String)
  case error(code: String, message: String)
  /// Trickle ICE: `candidate:…` of the server that the answer did not have yet.
  case candidate(String)

  public func encoded() -> [UInt8] {
    switch self {
    case .welcome(let next): Array(#"{"type":"welcome","next_seq":\#(next)}"#.utf8)
    case .clock(let id, let t0, let t1, let t2):
      Array(#"{"type":"clock","id":\#(id),"t0":\#(t0),"t1":\#(t1),"t2":\#(t2)}"#.utf8)
    case .ack(let sequence): Array(#"{"type":"ack","seq":\#(sequence)}"#.utf8)
    case .command(let name): Self.json(["type": "command", "name": name])
    case .candidate(let candidate): Self.json(["type": "candidate", "candidate": candidate])
    case .error(let code, let message): Self.json(["type": "error", "code": code, "message": message])
    }
  }

  private static func json(_ fields: [String: String]) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    // A dictionary of strings always encodes.
    return (try? encoder.encode(fields)).map { Array($0) } ?? []
  }
}
