import Runtime
import TokenService

@main
struct Main {
  static func main() {
    ServiceMain.run(.tokenService) { context in try TokenServiceProcess(context) }
  }
}
