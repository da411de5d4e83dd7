import FoundationEssentials
import Messages

/// A request that has reached its route: who asks, what is asked, and how to answer.
struct RouteCall {
  let exchange: HTTPExchange
  let caller: Caller

  var request: HTTPRequest { exchange.request }

  func respond(_ response: HTTPResponse) { exchange.respond(response) }
  func fail(_ error: ServiceError) { exchange.fail(error) }

  /// Answers with `body` of a reply, or with the error.
  func answer<Reply>(_ result: Result<Reply, ServiceError>, _ body: (Reply) -> HTTPResponse) {
    switch result {
    case .success(let reply): respond(body(reply))
    case .failure(let error): fail(error)
    }
  }

  /// As `answer`, to who came with a pairing token or a code: of wrong ones the operator is told.
  func answer<Reply>(
    _ result: Result<Reply, ServiceError>, tellingOfWrongOnes log: CredentialLog, _ body: (Reply) -> HTTPResponse
  ) {
    log.answered(result, to: request)
    answer(result, body)
  }

  /// Runs what may be refused; the refusal is the answer.
  func attempt(_ body: () throws(ServiceError) -> Void) {
    do { try body() } catch { fail(error) }
  }

  // MARK: What was asked

  /// The body as JSON of the type wanted; the error names the field that is wrong.
  func json<Value: Decodable>(_: Value.Type = Value.self) throws(ServiceError) -> Value {
    do {
      return try JSONDecoder().decode(Value.self, from: Data(request.body))
    } catch let DecodingError.keyNotFound(key, _) {
      throw .invalid("missing_field", "The body needs \"\(key.stringValue)\".")
    } catch let DecodingError.typeMismatch(_, context) {
      throw Self.invalidField(context)
    } catch let DecodingError.valueNotFound(_, context) {
      throw Self.invalidField(context)
    } catch let DecodingError.dataCorrupted(context) where !context.codingPath.isEmpty {
      throw Self.invalidField(context)
    } catch {
      // 20.5 where a whole number belongs makes JSONDecoder call all of it no JSON, and name no field.
      guard (try? JSONDecoder().decode(SomeObject.self, from: Data(request.body))) == nil else {
        throw .invalid("invalid_field", "A number in the body is too large, or has a fraction where none is allowed.")
      }
      throw .invalid("invalid_json", "The body is not a JSON object.")
    }
  }

  /// Any JSON object, whatever is in it.
  private struct SomeObject: Decodable {
    enum Name: CodingKey {}

    init(from decoder: any Decoder) throws { _ = try decoder.container(keyedBy: Name.self) }
  }

  private static func invalidField(_ context: DecodingError.Context) -> ServiceError {
    let field = context.codingPath.map(\.stringValue).joined(separator: ".")
    guard !field.isEmpty else { return .invalid("invalid_json", "The body is not a JSON object.") }
    return .invalid("invalid_field", "\"\(field)\" has a value that is not allowed there.")
  }

  func query(_ name: String) throws(ServiceError) -> String {
    guard let value = request.query[name], !value.isEmpty else {
      throw .invalid("missing_parameter", "The address needs \(name)=….")
    }
    return value
  }

  func integerQuery<I: FixedWidthInteger>(_ name: String, _: I.Type = I.self) throws(ServiceError) -> I {
    let text = try query(name)
    guard let number = I(text) else {
      throw .invalid("invalid_parameter", "\(name) must be a whole number within its range.")
    }
    return number
  }

  /// The session named in the path as `{id}`.
  func pathSession() throws(ServiceError) -> SessionID {
    guard let text = exchange.parameters["id"], let session = SessionID(text) else { throw .badSession }
    return session
  }

  /// The device named in the path as `{id}` and `{device}`.
  func pathDevice() throws(ServiceError) -> DeviceKey {
    let session = try pathSession()
    guard let text = exchange.parameters["device"], let device = DeviceID(text) else { throw .badDevice }
    return DeviceKey(session: session, device: device)
  }

  func session(_ text: String) throws(ServiceError) -> SessionID {
    guard let session = SessionID(text) else { throw .badSession }
    guard caller.maySee(session) else { throw .otherSession }
    return session
  }

  /// The phone that asks; what it says of itself must agree with its token.
  func phone(session: String?, device: String?) throws(ServiceError) -> DeviceKey {
    guard case .phone(let key, _) = caller else { throw .phoneOnly }
    if let session, session != key.session.text { throw .otherSession }
    if let device, device != key.device.text { throw .otherDevice }
    return key
  }
}

extension ServiceError {
  static let consentOutdated = ServiceError.conflict(
    "consent_outdated", "The text of consent has changed since this page was loaded. Reload it and read it again.")
  static let badSession = ServiceError.invalid(
    "invalid_session_id", "A session's name has 1 to 64 of the characters A-Z a-z 0-9 - _ . and no dot in front.")
  static let badDevice = ServiceError.invalid(
    "invalid_device_id", "A device's name has 1 to 64 of the characters A-Z a-z 0-9 - _ . and no dot in front.")
}
