import Bus
import Messages
import Timing

/// What carries phone links to one stream-svc instance, as its owners see it.
protocol PhoneLinkCarrier: AnyObject {
  /// Opens the link, now or as soon as the instance is there.
  func add(_ owner: any PhoneLinkOwner, link: UInt64)
  func remove(link: UInt64)
  /// False: it was not taken. The owner keeps it and is told by `channelIsReady`.
  func send(_ kind: PhoneLinkKind, link: UInt64, _ payload: BusMessage?, at: SessionTime) -> Bool
}
