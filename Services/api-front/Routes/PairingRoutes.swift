import Bus
import Crypto
import FoundationEssentials
import Messages
import Timing

/// `/api/pairing/…`: making a session, and how a phone gets into it.
struct PairingRoutes {
  let backends: Backends
  let address: () -> PublicAddress
  let isTLS: Bool
  let publicURL: String?
  let iceServers: IceServers
  let time: any TimeSource

  var routes: [Route] {
    [
      Route(
        .post, "/api/pairing/create_session", for: .coach, "Make a session and the QR that lets phones into it",
        RouteDocumentation(requestTypes: [HTTPResponse.jsonType], problems: [400, 401, 409]),
        maximumBody: 16 * 1024, run: createSession),
      Route(
        .get, "/api/pairing/validate", for: .everyone, "Is this pairing token good, for this device",
        RouteDocumentation(
          query: [
            .init(name: "token", isRequired: true, description: "The pairing token of the QR"),
            .init(name: "device_id", isRequired: false, description: "The device that wants to use it"),
          ], problems: [400, 401, 403, 409, 410]),
        run: validate),
      Route(
        .post, "/api/pairing/register_device", for: .everyone, "Take a place in a session with a pairing token",
        RouteDocumentation(requestTypes: [HTTPResponse.jsonType], problems: [400, 401, 403, 404, 409, 410]),
        maximumBody: 16 * 1024, run: registerDevice),
      Route(
        .post, "/api/pairing/ntp_sync", for: .phone, "One clock exchange over HTTP",
        RouteDocumentation(requestTypes: [HTTPResponse.jsonType], problems: [400, 401, 403]), maximumBody: 4096,
        run: clockExchange),
    ]
  }

  // MARK: create_session

  private struct CreateBody: Decodable {
    let sessionID: String?
    let mode: SessionMode
    let userID: String
    let expectedDevices: Int
    let consent: Bool
    let ttl: Int?

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case mode
      case userID = "user_id"
      case expectedDevices = "expected_devices"
      case consent, ttl
    }
  }

  struct CreatedSession: Encodable {
    let sessionID: SessionID
    let mode: SessionMode
    let expectedDevices: Int
    let pairingURL: String
    let pairingToken: String
    let pairingQrSvg: String
    let expiresAt: String
    /// Why phones may not reach the address, if there is reason to think so.
    let warning: String?
  }

  private func createSession(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: CreateBody = try call.json()
      let name = body.sessionID ?? "auto"
      let session = name == "auto" ? nil : SessionID(name)
      if name != "auto", session == nil { throw .badSession }
      if let ttl = body.ttl, !(300...3600).contains(ttl) {
        throw .invalid("invalid_field", "\"ttl\" must be 300 to 3600 seconds.")
      }
      let create = CreateSession(
        session: session, mode: body.mode, userID: body.userID, expectedDevices: body.expectedDevices,
        consent: body.consent)
      backends.sessions.send(create) { result in
        switch result {
        case .success(let summary): issueToken(call, summary, ttl: body.ttl)
        case .failure(let error): call.fail(error)
        }
      }
    }
  }

  private func issueToken(_ call: RouteCall, _ summary: SessionSummary, ttl: Int?) {
    let issue = IssuePairingToken(
      session: summary.session, mode: summary.mode, maxDevices: summary.expectedDevices, ttlSeconds: ttl)
    backends.tokens.send(issue) { result in
      call.answer(result) { reply in
        let address = address()
        let url = "\(address.base)/pair?token=\(reply.token)"
        guard let svg = QRCode.svg(url) else { return .problem(.internalFault) }
        return .json(
          CreatedSession(
            sessionID: summary.session, mode: summary.mode, expectedDevices: summary.expectedDevices,
            pairingURL: url, pairingToken: reply.token, pairingQrSvg: svg,
            expiresAt: UTCText.format(seconds: reply.expiresAt), warning: address.warning))
      }
    }
  }

  // MARK: validate

  struct Validity: Encodable {
    let valid = true
    let sessionID: SessionID
    let mode: SessionMode
    let expiresAt: String
    let devicesLeft: Int
  }

  private func validate(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let token = try call.query("token")
      var device: DeviceID?
      if let text = call.request.query["device_id"] {
        device = DeviceID(text)
        if device == nil { throw .badDevice }
      }
      backends.tokens.send(VerifyToken(token: token, kind: .pairing, device: device)) { result in
        call.answer(result) { reply in
          guard let session = reply.claims.session, let mode = reply.claims.mode else {
            return .problem(.internalFault)
          }
          return .json(
            Validity(
              sessionID: session, mode: mode, expiresAt: UTCText.format(seconds: reply.claims.expiresAt),
              devicesLeft: reply.devicesLeft))
        }
      }
    }
  }

  // MARK: register_device

  private struct RegisterBody: Decodable {
    let token: String
    let deviceID: String
    /// The phone's own name for this attempt, a secret of 8 to 128 characters: asking again with it gets the same
    /// answer, should the first one be lost on the way.
    let attempt: String?
    let metadata: DeviceMetadata?

    enum CodingKeys: String, CodingKey {
      case token
      case deviceID = "device_id"
      case attempt, metadata
    }
  }

  struct Registration: Encodable {
    let deviceID: DeviceID
    let sessionID: SessionID
    let mode: SessionMode
    let wsURL: String
    let signalingURL: String
    let registered = true
    let deviceToken: String
    let deviceTokenExpiresAt: String
    let iceServers: [IceServers.Server]
  }

  private func registerDevice(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: RegisterBody = try call.json()
      guard let device = DeviceID(body.deviceID) else { throw .badDevice }
      let metadata = try (body.metadata ?? DeviceMetadata()).validated()
      guard let attempt = body.attempt ?? (try? SecureRandom().bytes(16)).map({ Hexadecimal.encode($0) }) else {
        throw .internalFault
      }
      let redeem = RedeemPairingToken(token: body.token, device: device, attempt: attempt)
      backends.tokens.send(redeem) { result in
        switch result {
        case .success(let redeemed): enter(call, redeemed, device, metadata)
        case .failure(let error): call.fail(error)
        }
      }
    }
  }

  private func enter(
    _ call: RouteCall, _ redeemed: RedeemPairingToken.Reply, _ device: DeviceID, _ metadata: DeviceMetadata
  ) {
    guard let session = redeemed.claims.session else { return call.fail(.internalFault) }
    let key = DeviceKey(session: session, device: device)
    backends.sessions.send(RegisterDevice(key: key, metadata: metadata)) { result in
      call.answer(result) { placement in
        let origin = RequestOrigin(call.request, isTLS: isTLS, publicURL: publicURL, fallback: address().base)
        return .json(
          Registration(
            deviceID: device, sessionID: session, mode: placement.session.mode,
            wsURL: "\(origin.webSocketBase)/ws/pair/\(session.text)/\(device.text)?token=\(redeemed.deviceToken)",
            signalingURL: "\(origin.base)/api/pairing/signal_offer", deviceToken: redeemed.deviceToken,
            deviceTokenExpiresAt: UTCText.format(seconds: redeemed.deviceTokenExpiresAt),
            iceServers: iceServers.list(for: key)))
      }
    }
  }

  // MARK: ntp_sync

  private struct ClockBody: Decodable {
    let sessionID: String?
    let deviceID: String?
    let tsDevice: Double

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case deviceID = "device_id"
      case tsDevice = "ts_device"
    }
  }

  /// All milliseconds: `tsServer` since the Unix epoch, the two others on the server's monotonic clock.
  struct ClockAnswer: Encodable {
    let tsDevice: Double
    let tsServer: Double
    let tsServerReceive: Double
    let tsServerSend: Double
  }

  private func clockExchange(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: ClockBody = try call.json()
      _ = try call.phone(session: body.sessionID, device: body.deviceID)
      guard body.tsDevice.isFinite else { throw .invalid("invalid_field", "\"ts_device\" must be a number.") }
      let sent = time.now()
      call.respond(
        .json(
          ClockAnswer(
            tsDevice: body.tsDevice, tsServer: Double(time.utcMicroseconds()) / 1000,
            tsServerReceive: Double(call.exchange.receivedAt.microseconds) / 1000,
            tsServerSend: Double(sent.microseconds) / 1000)))
    }
  }
}
