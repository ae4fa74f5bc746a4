-- For wrk: posts BYTES bytes a request, and prints one line of JSON at the end.
--   wrk … -s post.lua URL -- BYTES
function init(args)
  wrk.method = "POST"
  wrk.body = string.rep("0123456789abcdef", tonumber(args[1]) / 16)
  wrk.headers["Content-Type"] = "application/octet-stream"
end
function done(summary, latency)
  io.write(string.format('{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "not_2xx": %d, "broken": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
