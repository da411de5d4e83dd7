import Runtime
import StreamService

@main
struct Main {
  static func main() {
    ServiceMain.run(.streamService) { context in try StreamServiceProcess(context) }
  }
}
