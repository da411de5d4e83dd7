import Messages

/// `/api/pairing/validate`: is this pairing token good, for this device.
extension PairingRoutes {
  /// Written by hand: phones and scripts ask for it more often than for anything else.
  struct Validity {
    let session: SessionID
    let mode: SessionMode
    /// Seconds since the Unix epoch.
    let expiresAt: Int64
    let devicesLeft: Int

    var json: JSONObjectText {
      var object = JSONObjectText()
      object.add("devices_left", devicesLeft)
      object.add("expires_at", UTCText.format(seconds: expiresAt))
      object.add("mode", mode.rawValue)
      object.add("session_id", session.text)
      object.add("valid", true)
      return object
    }
  }

  struct ValidateBody: Decodable {
    let token: String
    let deviceID: String?

    enum CodingKeys: String, CodingKey {
      case token
      case deviceID = "device_id"
    }

    static func read(_ call: RouteCall) throws(ServiceError) -> ValidateBody {
      // Most bodies are plain enough to be read without `JSONDecoder`, which costs more than all else of the answer.
      if let plain = FlatJSON(call.request.body), let token = plain.string("token"),
        case let device = plain.string("device_id"), device != nil || !plain.has("device_id")
      {
        return ValidateBody(token: token, deviceID: device)
      }
      return try call.json()
    }
  }

  func validateBody(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body = try ValidateBody.read(call)
      try validate(call, body.token, device: body.deviceID)
    }
  }

  func validateQuery(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      try validate(call, try call.query("token"), device: call.request.query["device_id"])
    }
  }

  private func validate(_ call: RouteCall, _ token: String, device text: String?) throws(ServiceError) {
    var device: DeviceID?
    if let text {
      device = DeviceID(text)
      if device == nil { throw .badDevice }
    }
    backends.tokens.send(VerifyToken(token: token, kind: .pairing, device: device)) { [credentials] result in
      call.answer(result, tellingOfWrongOnes: credentials) { reply in
        guard let session = reply.claims.session, let mode = reply.claims.mode else {
          return .problem(.internalFault)
        }
        let validity = Validity(
          session: session, mode: mode, expiresAt: reply.claims.expiresAt, devicesLeft: reply.devicesLeft)
        return .json(validity.json)
      }
    }
  }
}
