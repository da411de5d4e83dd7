/// What the caller wants measured, and where things are.
struct BenchOptions {
  static let benches: [(name: String, rows: @Sendable (BenchOptions) throws -> [BenchRow])] = [
    ("clock", ClockBench.rows), ("pose", PoseBench.rows), ("triangulation", TriangulationBench.rows),
    ("services", PairingServiceBench.rows), ("pairing", PairingBench.rows), ("websocket", WebSocketBench.rows),
    ("bus", BusBench.rows), ("webrtc", WebRTCBench.rows), ("page", PageBench.rows), ("sync", SyncBench.rows),
  ]

  static let usage = """
    usage: axolotl-bench [--json FILE] [--models FOLDER] [--footage FOLDER] [--oracles PYTHON]
                         [--tools PYTHON] [--only NAME]
      --json FILE       also write the figures as JSON
      --models FOLDER   the pose models (.deps/models)
      --footage FOLDER  cam01.mp4 … cam04.mp4 (.deps/footage)
      --oracles PYTHON  an interpreter that has mediapipe and aniposelib, to be timed in the same run;
                        without it the comparisons are left out
      --tools PYTHON    an interpreter that has what the tests need, to start the services;
                        without it the WebSocket path is left out
      --only NAME       one of the benches: \(benches.map(\.name).joined(separator: ", "))

    """

  var jsonFile: String?
  var models = ".deps/models"
  var footage = ".deps/footage"
  var oraclePython: String?
  var toolsPython: String?
  /// What is measured: all of it, or the one that was named.
  var benches = Self.benches

  /// Nil when the arguments make no sense.
  init?(_ arguments: some Sequence<String>) {
    var rest = Array(arguments)
    while let name = rest.first {
      guard rest.count >= 2 else { return nil }
      switch name {
      case "--json": jsonFile = rest[1]
      case "--models": models = rest[1]
      case "--footage": footage = rest[1]
      case "--oracles": oraclePython = rest[1]
      case "--tools": toolsPython = rest[1]
      case "--only":
        benches = Self.benches.filter { $0.name == rest[1] }
        if benches.isEmpty { return nil }
      default: return nil
      }
      rest.removeFirst(2)
    }
  }
}
