import Bus
import Crypto
import FoundationEssentials
import Messages
import Timing

/// `/api/pairing/…`: making a session, and how a phone gets into it.
struct PairingRoutes {
  let backends: Backends
  let invitations: Invitations
  let withdrawals: Withdrawals
  let address: () -> PublicAddress
  let isTLS: Bool
  let publicURL: String?
  let iceServers: IceServers
  let retentionDays: Int
  let time: any TimeSource
  /// Takes the clock exchanges of phones without a socket.
  let uploads: UploadLinks
  let credentials: CredentialLog

  private var admission: Admission { Admission(tokens: backends.tokens, sessions: backends.sessions) }

  var routes: [Route] {
    [
      Route(
        .post, "/api/pairing/create_session", for: .coach, "Make a session and the QR that lets phones into it",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: CreateBody.schema,
          responseSchema: Invitations.Invitation.schema,
          problems: [409]),
        maximumBody: 16 * 1024, run: createSession),
      Route(
        .post, "/api/pairing/validate", for: .everyone, "Is this pairing token good, for this device",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: ValidateBody.schema, responseSchema: Validity.schema,
          problems: [401, 409]),
        maximumBody: 16 * 1024, run: validateBody),
      Route(
        .get, "/api/pairing/validate", for: .everyone,
        "The same with the token in the address, where logs of proxies may keep it",
        RouteDocumentation(
          query: [
            .init(name: "token", isRequired: true, description: "The pairing token of the QR", schema: .token),
            .init(
              name: "device_id", isRequired: false, description: "The device that wants to use it", schema: .identifier),
          ], responseSchema: Validity.schema, problems: [401, 409]),
        run: validateQuery),
      Route(
        .post, "/api/pairing/redeem_code", for: .everyone, "The pairing token that a typed code stands for",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: CodeBody.schema, responseSchema: RedeemedCode.schema,
          problems: [401, 404]),
        maximumBody: 4096, pace: .pairing(cost: Self.guessCost), run: redeemCode),
      Route(
        .post, "/api/pairing/register_device", for: .everyone, "Take a place in a session with a pairing token",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: RegisterBody.schema,
          responseSchema: Registration.schema,
          problems: [401, 404, 409]),
        maximumBody: 16 * 1024, run: registerDevice),
      Route(
        .post, "/api/pairing/ntp_sync", for: .phone, "One clock exchange over HTTP",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: ClockBody.schema, responseSchema: ClockAnswer.schema),
        maximumBody: 4096,
        pace: .free, run: clockExchange),
    ]
  }

  // MARK: create_session

  struct CreateBody: Decodable {
    let sessionID: String?
    let mode: SessionMode
    let userID: String
    let expectedDevices: Int
    let consent: Bool
    /// Of the text that was agreed to, from who shows one.
    let consentVersion: String?
    let ttl: Int?

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case mode
      case userID = "user_id"
      case expectedDevices = "expected_devices"
      case consent, ttl
      case consentVersion = "consent_version"
    }
  }

  private func createSession(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: CreateBody = try call.json()
      let name = body.sessionID ?? "auto"
      let session = name == "auto" ? nil : SessionID(name)
      if name != "auto", session == nil { throw .badSession }
      try Invitations.check(ttl: body.ttl)
      if let version = body.consentVersion, version != ConsentText.version(retentionDays: retentionDays) {
        throw .consentOutdated
      }
      guard let attempt = (try? SecureRandom().bytes(16)).map({ Hexadecimal.encode($0) }) else {
        throw .internalFault
      }
      let create = CreateSession(
        session: session, mode: body.mode, userID: body.userID, expectedDevices: body.expectedDevices,
        consent: body.consent, consentVersion: body.consentVersion, attempt: attempt)
      // All or nothing: the name is free for the next attempt, and no session is listed that nobody was told of.
      let withdraw = { (error: ServiceError) in withdrawals.withdraw(attempt) { call.fail(error) } }
      backends.sessions.send(create) { result in
        switch result {
        case .success(let summary):
          invitations.send(
            call, summary, places: summary.expectedDevices, ttl: body.ttl, otherwise: withdraw)
        // It may have been made all the same, and the answer lost.
        case .failure(let error) where error.status >= 500: withdraw(error)
        case .failure(let error): call.fail(error)
        }
      }
    }
  }

  // MARK: redeem_code

  /// A guess counts for as much as so many other calls: an address may try one code a second in the long run.
  private static let guessCost = 10

  struct CodeBody: Decodable {
    let code: String
  }

  struct RedeemedCode: Encodable {
    let pairingToken: String
    let sessionID: SessionID
    let mode: SessionMode
    let expiresAt: String
  }

  /// A code stands in a body, never in an address: it gets into no log and no history.
  private func redeemCode(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: CodeBody = try call.json()
      backends.tokens.send(RedeemPairingCode(code: body.code)) { result in
        call.answer(result, tellingOfWrongOnes: credentials) { reply in
          guard let session = reply.claims.session, let mode = reply.claims.mode else {
            return .problem(.internalFault)
          }
          return .json(
            RedeemedCode(
              pairingToken: reply.token, sessionID: session, mode: mode,
              expiresAt: UTCText.format(seconds: reply.claims.expiresAt)))
        }
      }
    }
  }

  // MARK: register_device

  struct RegisterBody: Decodable {
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
      admission.admit(device, with: body.token, attempt: body.attempt, metadata) { result in
        call.answer(result, tellingOfWrongOnes: credentials) { .json(registration(of: device, $0, call.request)) }
      }
    }
  }

  private func registration(
    of device: DeviceID, _ admitted: Admission.Admitted, _ request: HTTPRequest
  ) -> Registration {
    let session = admitted.session
    let token = admitted.token
    let origin = RequestOrigin(request, isTLS: isTLS, publicURL: publicURL, fallback: address().base)
    return Registration(
      deviceID: device, sessionID: session, mode: admitted.placement.session.mode,
      wsURL: "\(origin.webSocketBase)/ws/pair/\(session.text)/\(device.text)?token=\(token.deviceToken)",
      signalingURL: "\(origin.base)/api/pairing/signal_offer", deviceToken: token.deviceToken,
      deviceTokenExpiresAt: UTCText.format(seconds: token.deviceTokenExpiresAt),
      iceServers: iceServers.list(for: DeviceKey(session: session, device: device)))
  }

  // MARK: ntp_sync

  struct ClockBody: Decodable {
    let sessionID: String?
    let deviceID: String?
    let tsDevice: Double
    /// The exchange before, complete, in µs: as in a `clock` message.
    let prev: ClockRequest.Previous?

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case deviceID = "device_id"
      case tsDevice = "ts_device"
      case prev
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
      let key = try call.phone(session: body.sessionID, device: body.deviceID)
      guard body.tsDevice.isFinite else { throw .invalid("invalid_field", "\"ts_device\" must be a number.") }
      if let sample = body.prev?.sample { uploads.keep(sample, of: key) }
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
