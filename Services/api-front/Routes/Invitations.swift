import Bus
import Messages

/// Hands out ways into a session: a link with its pairing token, the QR of it, and the code to type.
struct Invitations {
  let tokens: RequestClient
  let address: () -> PublicAddress

  struct Invitation: Encodable {
    let sessionID: SessionID
    let mode: SessionMode
    let expectedDevices: Int
    /// How many phones it lets in.
    let places: Int
    let pairingURL: String
    let pairingToken: String
    let pairingQrSvg: String
    /// For a phone that cannot scan, typed at `/pair`.
    let pairingCode: String
    let expiresAt: String
    /// Why phones may not reach the address, if there is reason to think so.
    let warning: String?
  }

  static func check(ttl: Int?) throws(ServiceError) {
    guard let ttl, !(300...3600).contains(ttl) else { return }
    throw .invalid("invalid_field", "\"ttl\" must be 300 to 3600 seconds.")
  }

  /// Answers with a fresh invitation; those that the session had before are good no more.
  ///
  /// - Parameter otherwise: called in place of an answer if token-svc gave none, or if nobody waits for the answer any more.
  func send(
    _ call: RouteCall, _ session: SessionSummary, places: Int, ttl: Int?,
    otherwise: ((ServiceError) -> Void)? = nil
  ) {
    let issue = IssuePairingToken(session: session.session, mode: session.mode, maxDevices: places, ttlSeconds: ttl)
    tokens.send(issue) { result in
      if let otherwise {
        if case .failure(let error) = result { return otherwise(error) }
        if call.exchange.isAnswered { return otherwise(.internalFault) }
      }
      call.answer(result) { reply in
        let address = address()
        let url = "\(address.base)/pair?token=\(reply.token)"
        guard let svg = QRCode.svg(url) else { return .problem(.internalFault) }
        return .json(
          Invitation(
            sessionID: session.session, mode: session.mode, expectedDevices: session.expectedDevices, places: places,
            pairingURL: url, pairingToken: reply.token, pairingQrSvg: svg, pairingCode: reply.code,
            expiresAt: UTCText.format(seconds: reply.expiresAt), warning: address.warning))
      }
    }
  }
}
