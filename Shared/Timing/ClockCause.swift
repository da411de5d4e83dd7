/// Why a clock is not known better.
public enum ClockCause: String, Codable, Sendable, CaseIterable {
  /// The best round trip is long: the network, or a phone too busy to answer.
  case slowNetwork = "slow_network"
  /// The browser rounds its clock.
  case coarseClock = "coarse_clock"
  /// The clock stopped or jumped, as after sleep, and is being measured anew.
  case clockJumped = "clock_jumped"
  /// No exchange for some seconds, while the clock drifts on.
  case noRecentExchange = "no_recent_exchange"
  /// No exchange, because the phone's page is hidden. The model cannot see this; the phone tells.
  case pageHidden = "page_hidden"
  /// Too few exchanges so far.
  case fewExchanges = "few_exchanges"
}
