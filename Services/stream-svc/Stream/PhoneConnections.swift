import Bus
import Messages
import Timing

/// All phones of this instance, whether api-front relays them or they are connected here by WebRTC.
///
/// `StreamDesk` talks to this and does not know which of the two it is.
final class PhoneConnections {
  private let relayed: PhoneLinks
  private let direct: PeerLinks

  init(relayed: PhoneLinks, direct: PeerLinks) {
    self.relayed = relayed
    self.direct = direct
  }

  var onEvent: (LinkAddress, PhoneLinkEvent, SessionTime) -> Void {
    get { relayed.onEvent }
    set {
      relayed.onEvent = newValue
      direct.onEvent = newValue
    }
  }

  func send(_ message: ServerMessage, to address: LinkAddress) {
    address.peer == nil ? direct.send(message, to: address) : relayed.send(message, to: address)
  }

  func close(_ address: LinkAddress, because error: ServiceError) {
    address.peer == nil ? direct.close(address, because: error) : relayed.close(address, because: error)
  }

  func askToReopen(_ address: LinkAddress) {
    address.peer == nil ? direct.reopen(address) : relayed.askToReopen(address)
  }

  /// Trickle ICE: a candidate that the phone sent over a connection it has already.
  func add(candidate: String, of key: DeviceKey) { direct.add(candidate: candidate, of: key) }

  /// Called with candidates of this side that came after the answer.
  var onLateCandidate: (DeviceKey, String) -> Void {
    get { direct.onLateCandidate }
    set { direct.onLateCandidate = newValue }
  }

  /// The api-fronts that have been silent for too long; they are forgotten.
  func takeSilentPeers() -> Set<PeerIdentity> { relayed.takeSilentPeers() }
}
