import Testing

@testable import Runtime

struct MetricsTests {
  @Test func theExpositionFollowsPrometheusTextFormat() {
    let metrics = Metrics(commonLabels: [(name: "service", value: "x")])
    let counter = metrics.counter("frames_total", "Frames.", labels: [(name: "kind", value: "a\"b")])
    counter.increment(by: 3)
    let histogram = metrics.histogram("wait_seconds", "Wait.", buckets: [0.1, 1])
    for value in [0.05, 0.5, 5] { histogram.observe(value) }
    #expect(
      metrics.exposition() == """
        # HELP frames_total Frames.
        # TYPE frames_total counter
        frames_total{service="x",kind="a\\"b"} 3
        # HELP wait_seconds Wait.
        # TYPE wait_seconds histogram
        wait_seconds_bucket{service="x",le="0.1"} 1
        wait_seconds_bucket{service="x",le="1.0"} 2
        wait_seconds_bucket{service="x",le="+Inf"} 3
        wait_seconds_sum{service="x"} 5.55
        wait_seconds_count{service="x"} 3

        """)
  }
}
