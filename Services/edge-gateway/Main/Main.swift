import EdgeGateway
import Runtime

@main
struct Main {
  static func main() {
    ServiceMain.run(.edgeGateway) { context in try GatewayProcess(context) }
  }
}
