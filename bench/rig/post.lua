-- For wrk: posts one body again and again, and prints one line of JSON at the end: requests a second, and so on.
--   wrk … -s post.lua URL -- BODY_FILE CONTENT_TYPE ROUTES
-- to URL, URL-1, …, URL-(ROUTES - 1) by turns.
function init(args)
  local file = assert(io.open(args[1], "rb"))
  wrk.method = "POST"
  wrk.headers["Content-Type"] = args[2]
  wrk.body = file:read("*a")
  file:close()
  if args[3] ~= "1" then by_turns(tonumber(args[3])) end
end
function by_turns(routes)  -- a function called for each request costs wrk time
  local requests, turn = {}, 0
  for route = 1, routes do
    requests[route] = wrk.format(nil, wrk.path .. (route > 1 and "-" .. route - 1 or ""))
  end
  function request()
    turn = turn % routes + 1
    return requests[turn]
  end
end
function done(summary, latency)
  io.write(string.format('{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "not_2xx": %d, "broken": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
