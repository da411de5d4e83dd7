import Foundation

/// `axolotl-bench`: times the hot parts of Axolotl, each beside what it is compared with.
@main
struct Main {
  static func main() {
    guard let options = BenchOptions(CommandLine.arguments.dropFirst()) else {
      complain(BenchOptions.usage)
      exit(64)
    }
    var report = BenchReport()
    var complete = true
    for bench in options.benches {
      do {
        report.rows += try bench.rows(options)
      } catch {
        complain("axolotl-bench: \(error)\n")
        complete = false
      }
    }
    print(report.table, terminator: "")
    do {
      if let file = options.jsonFile { try report.json().write(to: URL(fileURLWithPath: file)) }
    } catch {
      complain("axolotl-bench: the figures cannot be written to a file: \(error)\n")
      complete = false
    }
    exit(complete ? 0 : 1)
  }

  private static func complain(_ message: String) { FileHandle.standardError.write(Data(message.utf8)) }
}
