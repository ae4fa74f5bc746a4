-- For wrk: posts one body again and again, and prints one line of JSON at the end: requests a second, and so on.
--   wrk … -s post.lua URL -- BODY_FILE CONTENT_TYPE ROUTES
-- to URL, URL-1, …, URL-(ROUTES - 1) by turns.
local requests, turn = {}, 0
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = args[2]
  wrk.body = file:read("*a")
  file:close()
  for route = 1, tonumber(args[3]) do
    requests[route] = wrk.format(nil, wrk.path .. (route > 1 and "-" .. route - 1 or ""))
  end
end
function request()
  turn = turn % #requests + 1
  return requests[turn]
end
function done(summary, latency)
  io.write(string.format('{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "not_2xx": %d, "broken": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
