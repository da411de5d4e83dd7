import Messages

/// `/api/sessions/…` and the status: what the coach sees of sessions and does to them.
struct SessionRoutes {
  let backends: Backends
  let retentionDays: Int
  /// Called when a session was ended or deleted, so that nothing of it is believed any longer.
  let onClosed: (SessionID) -> Void

  private static let listLimit = 200

  var routes: [Route] {
    [
      Route(
        .get, "/api/pairing/session_status", for: .coachOrPhone, "State of a session and of each of its devices",
        RouteDocumentation(
          query: [.init(name: "session_id", isRequired: true, description: "The session", schema: .identifier)],
          responseSchema: StatusDocument.schema, problems: [404]),
        pace: .free, run: status),
      Route(
        .get, "/api/sessions", for: .coach, "The sessions, newest first",
        RouteDocumentation(
          query: [
            .init(
              name: "after", isRequired: false, description: "Those older than this one; the newest without",
              schema: .identifier)
          ],
          responseSchema: .object([
            "sessions": .array(of: Listed.schema), "more": .boolean, "retention_days": .integer(1...3650),
            "consent_version": .text,
          ]), problems: [404]), run: list),
      Route(
        .get, "/api/sessions/{id}", for: .coach, "State of a session and of each of its devices",
        RouteDocumentation(responseSchema: StatusDocument.schema)
      ) { call in
        call.attempt { () throws(ServiceError) in answerStatus(call, try call.pathSession()) }
      },
      Route(
        .post, "/api/sessions/{id}/end", for: .coach, "Close a session to new frames",
        RouteDocumentation(responseSchema: Listed.schema), maximumBody: 1024, run: end),
      Route(
        .delete, "/api/sessions/{id}", for: .coach, "Delete a session with everything of it; answers a receipt",
        RouteDocumentation(responseSchema: DeletionReceipt.schema), deadline: .seconds(65), run: delete),
      Route(
        .get, "/api/sessions/{id}/statistics", for: .coach, "Figures of the 3D reconstruction",
        RouteDocumentation(responseSchema: ReconstructionStatistics.Reply.schema), run: statistics),
    ]
  }

  private func status(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      answerStatus(call, try call.session(try call.query("session_id")))
    }
  }

  private func answerStatus(_ call: RouteCall, _ session: SessionID) {
    var phone: DeviceID?
    if case .phone(let key, _) = call.caller { phone = key.device }
    StatusDocument.fetch(session, from: backends, seenBy: phone) { call.answer($0) { .json($0) } }
  }

  /// With what the coach must know before making one.
  struct List: Encodable {
    let sessions: [Listed]
    /// Whether there are older ones: ask again, `after` the last.
    let more: Bool
    /// Days after which a session and all of it is removed.
    let retentionDays: Int
    /// Of the consent text that goes with these days.
    let consentVersion: String
  }

  struct Listed: Encodable {
    let sessionID: SessionID
    let mode: SessionMode
    let state: SessionState
    let expectedDevices: Int
    let registeredDevices: Int
    let consent: Bool
    let createdAt: String

    init(_ summary: SessionSummary) {
      sessionID = summary.session
      mode = summary.mode
      state = summary.state
      expectedDevices = summary.expectedDevices
      registeredDevices = summary.registeredDevices
      consent = summary.consentRecorded
      createdAt = UTCText.format(seconds: summary.anchor.utcMicroseconds / 1_000_000)
    }
  }

  private func list(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let after = try call.request.query["after"].map { (name) throws(ServiceError) in try call.session(name) }
      backends.sessions.send(ListSessions(limit: Self.listLimit, after: after)) { result in
        call.answer(result) {
          .json(
            List(
              sessions: $0.sessions.map(Listed.init), more: $0.hasMore, retentionDays: retentionDays,
              consentVersion: ConsentText.version(retentionDays: retentionDays)))
        }
      }
    }
  }

  private func end(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let session = try call.pathSession()
      backends.sessions.send(EndSession(session: session)) { result in
        if case .success = result { onClosed(session) }
        call.answer(result) { .json(Listed($0)) }
      }
    }
  }

  private func delete(_ call: RouteCall) {
    call.attempt { () throws(ServiceError) in
      let session = try call.pathSession()
      backends.sessions.send(DeleteSession(session: session)) { result in
        if case .success = result { onClosed(session) }
        call.answer(result) { .json($0) }
      }
    }
  }

  private func statistics(_ call: RouteCall) {
    call.withSession(of: backends) { session in
      backends.gateway.send(ReconstructionStatistics(session: session)) { result in
        call.answer(result) { .json($0) }
      }
    }
  }
}
