import Dispatch
import PoseEstimation
import Synchronization
import Testing

/// Several workers share the models, and a camera may move from one to the other.
struct WorkersTests {
  @Test func workersGiveTheSameAnswerAtTheSameTime() throws {
    let models = try Footage.models.get()
    let frames = Array(try Footage.frames("cam04").prefix(6))
    let answers = Mutex<[[PoseEstimate?]]>([])
    DispatchQueue.concurrentPerform(iterations: 2) { _ in
      let answer = try? Self.follow(frames, engines: [PoseEngine(models: models)])
      answers.withLock { $0.append(answer ?? []) }
    }
    let both = answers.withLock { $0 }
    #expect(both[0].count == frames.count && both[0].allSatisfy { $0 != nil })
    #expect(both[0] == both[1])
  }

  @Test func aCameraMovesBetweenWorkers() throws {
    let frames = Array(try Footage.frames("cam04").prefix(6))
    let alone = try Self.follow(frames, engines: [Footage.engine()])
    let moving = try Self.follow(frames, engines: [Footage.engine(), Footage.engine()])
    #expect(alone == moving)
  }

  /// One camera's frames, each by the next of the engines.
  private static func follow(_ frames: [[UInt8]], engines: [PoseEngine]) throws -> [PoseEstimate?] {
    var tracker = PoseTracker()
    return try frames.enumerated().map { index, frame in
      try engines[index % engines.count].estimate(
        jpeg: frame, atMicroseconds: Int64(index) * 33_333, tracker: &tracker)
    }
  }
}
