extension IceServers.Server {
  static let schema = Schema.object(
    ["urls": .array(of: .text)], optional: ["username": .text, "credential": .text])
}

extension SignallingRoutes.IceServerList {
  static let schema = Schema.object(["ice_servers": .array(of: IceServers.Server.schema)])
}

/// An offer and its answer (RFC 8829).
extension SignallingRoutes.OfferBody {
  static let schema = Schema.object(
    ["type": .constant("offer"), "sdp": .text],
    optional: ["session_id": Schema.identifier.orNull(), "device_id": Schema.identifier.orNull()], isOpen: true)
}

extension SignallingRoutes.Answer {
  static let schema = Schema.object(["type": .constant("answer"), "sdp": .text])
}

extension SignallingRoutes.CandidatesBody {
  static let schema = Schema.object(
    ["candidates": .array(of: .text)],
    optional: ["session_id": Schema.identifier.orNull(), "device_id": Schema.identifier.orNull()], isOpen: true)
}

extension SignallingRoutes.Candidates {
  static let schema = Schema.object(["candidates": .array(of: .text), "complete": .boolean])
}
