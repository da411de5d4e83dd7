import Messages
import Runtime

/// What an operator can watch of token-svc.
struct TokenMetrics {
  private let refusals: [TokenError: Counter]
  private let durations: [String: Histogram]

  init(_ metrics: Metrics, store: any TokenStore) {
    refusals = Dictionary(
      uniqueKeysWithValues: TokenError.allCases.map {
        (
          $0,
          metrics.counter(
            "axolotl_token_refusals_total", "Tokens refused, by reason.", labels: [("code", $0.rawValue)])
        )
      })
    durations = Dictionary(
      uniqueKeysWithValues: [
        IssuePairingToken.name, IssueCoachToken.name, VerifyToken.name, RedeemPairingToken.name,
        RedeemPairingCode.name, TakeBackRedemption.name, RevokeTokens.name, RevokeCoachToken.name,
        ShutOutDevice.name,
      ].map {
        (
          $0,
          metrics.histogram(
            "axolotl_token_operation_seconds", "Time that an answer took, without the bus.",
            buckets: [0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.001, 0.005, 0.05], labels: [("operation", $0)])
        )
      })
    metrics.gauge("axolotl_tokens_stored", "Tokens in the store.", reading: { Double((try? store.count()) ?? -1) })
  }

  func count(_ error: TokenError) { refusals[error]?.increment() }

  /// Where the durations of one operation are counted.
  func durations(of operation: String) -> Histogram? { durations[operation] }
}
