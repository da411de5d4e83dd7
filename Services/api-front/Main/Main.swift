import ApiFront
import Runtime

@main
struct Main {
  static func main() {
    ServiceMain.run(
      .apiFront, questions: ["--print-address": ApiFrontProcess.publicAddress],
      runLoop: { process, _ in process.serve() }, { try ApiFrontProcess($0) })
  }
}
