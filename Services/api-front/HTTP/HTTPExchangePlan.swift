/// What will be done with a request once its body is here.
struct HTTPExchangePlan {
  let parameters: PathParameters
  /// Bytes of body that this route takes; 0 for routes that take none.
  let maximumBody: Int
  let deadline: Duration
  /// Added to the answer, whatever it is.
  let responseHeaders: [(name: String, value: String)]
  let run: (HTTPExchange) -> Void
}

/// Decided from a request's head alone.
enum HTTPAdmission {
  case accept(HTTPExchangePlan)
  case refuse(HTTPResponse)
}

/// What stands behind the server: routes for requests, and whoever takes the WebSockets.
protocol WebApplication: AnyObject {
  func plan(for request: HTTPRequest) -> HTTPAdmission
  /// nil takes the WebSocket; otherwise what the client is answered instead.
  func refusal(ofUpgrade request: HTTPRequest) -> HTTPResponse?
  func webSocketHandler(for request: HTTPRequest) -> (any WebSocketHandler)?
}

/// Bounds on what clients may hold of this server.
struct WebLimits: Sendable {
  var maximumConnections = 2048
  var maximumConnectionsPerAddress = 256
  var maximumHeaderBytes = 16 * 1024
  /// A refused body up to this size is read to its end, so that the client reads the answer.
  var maximumDrainedBody = 64 * 1024 * 1024
  /// How long the first piece of a body is waited for; between pieces lws waits `headerTimeoutSeconds`.
  var bodyTimeoutSeconds: Int32 = 20
  /// How long a whole body may take: a byte now and then keeps its memory no longer.
  var bodyPatience = Duration.seconds(60)
  /// Of all bodies that are on their way.
  var maximumBodiesBytes = 256 * 1024 * 1024
  /// Closed connections whose clients may still be sending.
  var maximumLingering = 256
  var writeTimeoutSeconds: Int32 = 30
  var keepAliveSeconds: Int32 = 60
  /// How long a client may take over its header, or hold an idle connection before its first request.
  var headerTimeoutSeconds: UInt32 = 10
  /// Bytes lws reads at once, and the largest piece of a WebSocket message it hands over.
  var receiveBufferBytes = 256 * 1024
}
