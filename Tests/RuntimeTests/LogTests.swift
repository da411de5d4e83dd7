import Synchronization
import Testing

@testable import Runtime

struct LogTests {
  private func lines(_ level: LogLevel = .debug, _ body: (Log) -> Void) -> [String] {
    let lines = Lines()
    body(Log(name: "x-svc", level: level) { line in lines.all.withLock { $0.append(line) } })
    return lines.all.withLock { $0 }
  }

  @Test func aLineHoldsTheEventAndItsFields() {
    #expect(lines { $0.info("started", (.port, 5050)) } == ["<6>x-svc started port=5050\n"])
  }

  @Test func linesBelowTheLevelAreNotWritten() {
    #expect(
      lines(.warning) { log in
        log.info("a")
        log.error("b")
      } == ["<3>x-svc b\n"])
  }

  @Test func aValueFromOutsideCannotForgeALine() {
    let written = lines { $0.warning("refused", (.reason, "x\n<3>token-svc stolen=1")) }
    #expect(written == ["<4>x-svc refused reason=\"x\\n<3>token-svc stolen=1\"\n"])
  }
}

private final class Lines: Sendable {
  let all = Mutex<[String]>([])
}
