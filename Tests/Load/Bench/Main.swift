import Foundation

/// `axolotl-bench`: times the hot parts of Axolotl, each beside what it is compared with.
@main
struct Main {
  static func main() {
    guard let options = BenchOptions(CommandLine.arguments.dropFirst()) else {
      FileHandle.standardError.write(Data(BenchOptions.usage.utf8))
      exit(64)
    }
    var report = BenchReport()
    do {
      report.rows += try PoseBench.rows(options)
      report.rows += try TriangulationBench.rows(options)
      print(report.table, terminator: "")
      if let file = options.jsonFile { try report.json().write(to: URL(fileURLWithPath: file)) }
    } catch {
      FileHandle.standardError.write(Data("axolotl-bench: \(error)\n".utf8))
      exit(1)
    }
  }
}
