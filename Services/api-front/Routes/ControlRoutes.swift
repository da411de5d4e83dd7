import Messages

/// The coach's hold on a running session: its phones, how many there may be, and a fresh QR.
struct ControlRoutes {
  let backends: Backends
  let invitations: Invitations
  /// Called when a phone may be welcome no more.
  let onChanged: (SessionID) -> Void
  /// Called when one is certainly welcome no more, before the coach hears of it.
  let onRemoved: (DeviceKey) -> Void

  var routes: [Route] {
    [
      Route(
        .put, "/api/sessions/{id}/devices/{device}", for: .coach, "Give a phone another name",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: RenameBody.schema, responseSchema: RenamedDevice.schema),
        maximumBody: 4096, run: rename),
      Route(
        .delete, "/api/sessions/{id}/devices/{device}", for: .coach,
        "Remove a phone: it is cut off at once, and only a fresh QR lets it in again",
        RouteDocumentation(responseSchema: RemovedDevice.schema), run: remove),
      Route(
        .put, "/api/sessions/{id}/expected_devices", for: .coach, "Change how many phones the session waits for",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: ExpectBody.schema,
          responseSchema: SessionRoutes.Listed.schema, problems: [409]),
        maximumBody: 4096, run: expect),
      Route(
        .post, "/api/sessions/{id}/pairing", for: .coach,
        "A fresh QR and code for the places that are free; earlier ones are good no more",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: InviteBody.schema,
          isBodyOptional: true, responseSchema: Invitations.Invitation.schema, problems: [409]),
        maximumBody: 4096, run: invite),
    ]
  }

  struct RenamedDevice: Encodable {
    let sessionID: SessionID
    let deviceID: DeviceID
    let label: String?
  }

  struct RenameBody: Decodable {
    let label: String
  }

  private func rename(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let key = try call.pathDevice()
      let body: RenameBody = try call.json()
      backends.sessions.send(RenameDevice(key: key, label: body.label)) { result in
        call.answer(result) {
          .json(RenamedDevice(sessionID: key.session, deviceID: $0.device, label: $0.metadata.label))
        }
      }
    }
  }

  struct RemovedDevice: Encodable {
    let sessionID: SessionID
    let deviceID: DeviceID
    let removed = true
    let expectedDevices: Int
    let registeredDevices: Int
  }

  private func remove(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let key = try call.pathDevice()
      backends.sessions.send(RemoveDevice(key: key)) { result in
        // Also after an error: the place is closed before token-svc is asked.
        onChanged(key.session)
        if case .success = result { onRemoved(key) }
        call.answer(result) {
          .json(
            RemovedDevice(
              sessionID: key.session, deviceID: key.device, expectedDevices: $0.expectedDevices,
              registeredDevices: $0.registeredDevices))
        }
      }
    }
  }

  struct ExpectBody: Decodable {
    let expectedDevices: Int
    enum CodingKeys: String, CodingKey { case expectedDevices = "expected_devices" }
  }

  private func expect(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let session = try call.pathSession()
      let body: ExpectBody = try call.json()
      let request = SetExpectedDevices(session: session, expectedDevices: body.expectedDevices)
      backends.sessions.send(request) { result in
        call.answer(result) { .json(SessionRoutes.Listed($0)) }
      }
    }
  }

  struct InviteBody: Decodable {
    let ttl: Int?
  }

  private func invite(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let session = try call.pathSession()
      let body = call.request.body.isEmpty ? InviteBody(ttl: nil) : try call.json()
      try Invitations.check(ttl: body.ttl)
      backends.sessions.send(OfferPlaces(session: session)) { result in
        switch result {
        case .success(let offer): invitations.send(call, offer.session, places: offer.freePlaces, ttl: body.ttl)
        case .failure(let error): call.fail(error)
        }
      }
    }
  }
}
