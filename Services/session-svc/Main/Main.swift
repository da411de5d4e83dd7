import Runtime
import SessionService

@main
struct Main {
  static func main() {
    ServiceMain.run(.sessionService) { context in try SessionServiceProcess(context) }
  }
}
