import Glibc

/// libFuzzer as a library (`compiler-rt/lib/fuzzer/FuzzerInterface.h`): takes its own options out of the arguments.
@_silgen_name("LLVMFuzzerRunDriver")
private func runLibFuzzer(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ target: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

/// `axolotl-fuzz TARGET [libFuzzer's options and corpus folders]`; `Tests/Fuzz/run` calls it.
@main
struct Main {
  static func main() {
    guard CommandLine.argc > 1, let target = FuzzTarget(rawValue: CommandLine.arguments[1]) else {
      let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: "|")
      print("usage: axolotl-fuzz \(names) [libFuzzer's options]")
      exit(64)
    }
    var count = CommandLine.argc - 1
    var arguments = CommandLine.unsafeArgv + 1
    let status =
      switch target {
      case .header: runLibFuzzer(&count, &arguments) { HeaderTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
      case .fragments:
        runLibFuzzer(&count, &arguments) { FragmentsTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
      case .jpeg: runLibFuzzer(&count, &arguments) { JPEGTarget.run(UnsafeRawBufferPointer(start: $0, count: $1)) }
      }
    exit(status)
  }
}

/// What is fuzzed: everything that reads a phone's bytes before they are known to be good.
enum FuzzTarget: String, CaseIterable {
  case header, fragments, jpeg
}

/// libFuzzer counts any other answer as a request not to keep the input.
let inputServed: Int32 = 0

/// What must hold of everything that is accepted. A crash is how libFuzzer hears of it.
func hold(_ condition: Bool, _ what: @autoclosure () -> String) {
  if !condition { fatalError(what()) }
}
