import ApiFront
import Runtime

@main
struct Main {
  static func main() {
    ServiceMain.run(.apiFront, runLoop: { process, _ in process.serve() }) { context in
      try ApiFrontProcess(context)
    }
  }
}
