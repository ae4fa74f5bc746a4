-- For wrk: posts one body again and again, and prints one line of JSON at the end: requests a second, and so on.
--   wrk … -s post.lua URL -- BODY_FILE CONTENT_TYPE
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = args[2]
  wrk.body = file:read("*a")
  file:close()
end
function done(summary, latency)
  io.write(string.format('{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "not_2xx": %d, "broken": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
