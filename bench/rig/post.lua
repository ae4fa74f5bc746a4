-- For wrk: posts COUNT messages of BYTES bytes a request, and prints one line of JSON at the end: requests a
-- second, and so on.
--   wrk … -s post.lua URL -- BYTES FORM COUNT      FORM: single, lines (NDJSON), array (JSON strings)
--                                                   or otlp (one log record, COUNT is 1)
function init(args)
  local bytes, form, count = tonumber(args[1]), args[2], tonumber(args[3])
  local types = { single = "application/octet-stream", lines = "application/x-ndjson", array = "application/json",
    otlp = "application/json" }
  local text = string.rep("0123456789abcdef", math.ceil(bytes / 16))
  local quoted = '"' .. string.sub(text, 1, bytes - 2) .. '"'
  wrk.method = "POST"
  wrk.headers["Content-Type"] = types[form]
  if form == "single" then
    wrk.body = string.sub(text, 1, bytes)
  elseif form == "lines" then
    wrk.body = string.rep(quoted .. "\n", count)
  elseif form == "otlp" then
    wrk.body = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":' .. quoted .. '}}]}]}]}'
  else
    wrk.body = "[" .. string.rep(quoted .. ",", count - 1) .. quoted .. "]"
  end
end
function done(summary, latency)
  io.write(string.format('{"rate": %.1f, "p50_ms": %.3f, "p99_ms": %.3f, "not_2xx": %d, "broken": %d}\n',
    summary.requests / (summary.duration / 1e6), latency:percentile(50) / 1000,
    latency:percentile(99) / 1000, summary.errors.status,
    summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout))
end
