import ApiFront
import Runtime

@main
struct Main {
  static func main() {
    ServiceMain.run(.apiFront, runLoop: { process, _ in process.serve() }, { try ApiFrontProcess($0) })
  }
}
