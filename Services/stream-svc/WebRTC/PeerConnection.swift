import Messages
import Timing

/// One phone's WebRTC connection as the loop knows it.
final class PeerConnection {
  enum Phase: Equatable {
    /// Offer and answer are exchanged, no channel is open.
    case negotiating
    case open
    case closing
  }

  let number: UInt64
  let opening: PhoneLinkOpen
  let voice: PeerVoice
  let since: SessionTime
  var offer: OfferDescription
  /// Of the token that the phone showed last, in seconds since the Unix epoch. Then the connection ends.
  var tokenExpiresAt: Int64
  var phase = Phase.negotiating
  /// nil until the peers' thread has made it.
  var peer: WebRTCPeer?
  /// Without candidates; nil while it is being made.
  var answer: String?
  private(set) var candidates: [String] = []
  var isGathered = false
  /// An answer has gone out; what is found from now on it lacks.
  var isAnswered = false
  /// Whoever asked by an offer and has no answer yet.
  var responses: [(Result<SignalOffer.Reply, ServiceError>) -> Void] = []
  var assembler = FragmentAssembler<ReceivedBytes>()
  var lastHeard: SessionTime
  var faults = 0
  var isBeingChecked = false

  private static let maximumCandidates = 64

  init(
    number: UInt64, _ request: SignalOffer, offer: OfferDescription, voice: PeerVoice, at now: SessionTime
  ) {
    self.number = number
    opening = request.opening
    tokenExpiresAt = request.tokenExpiresAt
    self.offer = offer
    self.voice = voice
    since = now
    lastHeard = now
  }

  var key: DeviceKey { opening.key }
  var address: LinkAddress { LinkAddress(peer: nil, link: number) }

  func add(_ candidate: String) {
    if candidates.count < Self.maximumCandidates { candidates.append(candidate) }
  }

  /// The answer with what is known of candidates; it has one media section, which they follow.
  var completeAnswer: String? {
    guard let answer else { return nil }
    let end = isGathered ? "a=end-of-candidates\r\n" : ""
    return answer + candidates.map { "a=\($0)\r\n" }.joined() + end
  }

  /// Tells everybody who waits for an answer.
  func respond(_ result: Result<SignalOffer.Reply, ServiceError>) {
    let waiting = responses
    responses = []
    for response in waiting { response(result) }
  }
}
