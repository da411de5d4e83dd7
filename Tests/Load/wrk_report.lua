-- Prints what wrk found as JSON, the last line of its output. Whatever is not 2xx counts as an error.
function done(summary, latency, requests)
  local errors = summary.errors
  io.write(string.format(
    '{"requests":%d,"requests_per_second":%.1f,"ms_p50":%.3f,"ms_p99":%.3f,"errors":%d}\n',
    summary.requests, summary.requests / summary.duration * 1e6, latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
