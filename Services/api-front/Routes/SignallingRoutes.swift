import Bus
import Messages

/// `/api/pairing/signal_…`: WebRTC signalling, handed on to the instance of the phone's camera.
struct SignallingRoutes {
  let backends: Backends
  let iceServers: IceServers

  var routes: [Route] {
    [
      Route(
        .post, "/api/pairing/signal_offer", for: .phone, "A WebRTC offer; answered by an answer with candidates",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: OfferBody.schema, responseSchema: Answer.schema,
          problems: [404, 409, 413, 501]),
        maximumBody: 256 * 1024, run: offer),
      Route(
        .post, "/api/pairing/signal_candidates", for: .phone, "Trickle ICE: late candidates of both sides",
        RouteDocumentation(
          requestTypes: [HTTPResponse.jsonType], requestSchema: CandidatesBody.schema,
          responseSchema: Candidates.schema, problems: [404, 409]),
        maximumBody: 32 * 1024, pace: .free, run: candidates),
      Route(
        .get, "/api/pairing/ice_servers", for: .phone, "STUN and TURN servers, with credentials made anew",
        RouteDocumentation(responseSchema: IceServerList.schema), pace: .free
      ) { call in
        call.attempt { () throws(ServiceError) in
          let key = try call.phone(session: nil, device: nil)
          call.respond(.json(IceServerList(iceServers: iceServers.list(for: key))))
        }
      },
    ]
  }

  struct IceServerList: Encodable {
    let iceServers: [IceServers.Server]
  }

  // MARK: signal_offer

  struct OfferBody: Decodable {
    let sessionID: String?
    let deviceID: String?
    let type: String
    let sdp: String

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case deviceID = "device_id"
      case type, sdp
    }
  }

  struct Answer: Encodable {
    let type = "answer"
    let sdp: String
  }

  private func offer(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: OfferBody = try call.json()
      let key = try call.phone(session: body.sessionID, device: body.deviceID)
      guard case .phone(_, let expiresAt) = call.caller else { throw .phoneOnly }
      guard body.type == "offer" else { throw .invalid("invalid_field", "\"type\" must be \"offer\".") }
      locate(key, call) { placement, stream in
        let opening = PhoneLinkOpen(
          key: key, transport: .webrtc, metadata: placement.metadata, mode: placement.session.mode,
          anchor: placement.session.anchor)
        stream.send(SignalOffer(opening: opening, sdp: body.sdp, tokenExpiresAt: expiresAt)) { result in
          call.answer(result) { .json(Answer(sdp: $0.sdp)) }
        }
      }
    }
  }

  // MARK: signal_candidates

  struct CandidatesBody: Decodable {
    let sessionID: String?
    let deviceID: String?
    let candidates: [String]

    enum CodingKeys: String, CodingKey {
      case sessionID = "session_id"
      case deviceID = "device_id"
      case candidates
    }
  }

  struct Candidates: Encodable {
    let candidates: [String]
    let complete: Bool
  }

  private func candidates(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let body: CandidatesBody = try call.json()
      let key = try call.phone(session: body.sessionID, device: body.deviceID)
      guard body.candidates.count <= SignalCandidates.maximumCandidates else {
        throw .invalid("invalid_field", "\"candidates\" may have \(SignalCandidates.maximumCandidates) entries.")
      }
      locate(key, call) { _, stream in
        stream.send(SignalCandidates(key: key, candidates: body.candidates)) { result in
          call.answer(result) { .json(Candidates(candidates: $0.candidates, complete: $0.isComplete)) }
        }
      }
    }
  }

  /// Is the phone (still) welcome, and where does its camera belong?
  private func locate(
    _ key: DeviceKey, _ call: RouteCall, _ body: @escaping (DevicePlacement, RequestClient) -> Void
  ) {
    backends.sessions.send(LocateDevice(key: key)) { result in
      switch result {
      case .failure(let error): call.fail(error)
      case .success(let placement):
        call.attempt { () throws(ServiceError) in body(placement, try backends.stream(placement.instance)) }
      }
    }
  }
}
