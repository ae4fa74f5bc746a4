// Every mistake has its place, says what is wrong, and what would be right.
#include <array>
#include <string>
#include <string_view>

#include "loading.h"

namespace rebuf::config::test {
namespace {

// One mistake. `§` marks where it is reported.
struct Case {
  std::string text;
  std::string_view message;  // what; hint
};

std::string top(const std::string& lines) { return lines + "\n" + minimal; }
std::string route(const std::string& keys) {
  return sink + "routes:\n  t: { sink: main, " + keys + " }\n";
}
std::string kafka(const std::string& keys) {
  return "sinks:\n  main: { type: kafka, " + keys + " }\nroutes: { t: { sink: main } }\n";
}
std::string option(const std::string& pair) {
  return kafka("brokers: [\"k:9092\"], librdkafka_options: { " + pair + " }");
}
std::string http(const std::string& keys) {
  return "sinks:\n  main: { type: http, " + keys + " }\nroutes: { t: { sink: main } }\n";
}
std::string hook(const std::string& keys) { return http("url: https://example.org/in, " + keys); }

void check(const Case& test) {
  constexpr std::string_view mark = "§";
  const std::size_t at = test.text.find(mark);
  std::string text = test.text;
  int line = 1;
  int column = 1;
  if (at != std::string::npos) {
    text.erase(at, mark.size());
    for (const char c : text.substr(0, at)) {
      column = c == '\n' ? 1 : column + 1;
      if (c == '\n') ++line;
    }
  }
  CAPTURE(text);
  const Loaded loaded = load_text(text, "f.yaml", environment());
  CHECK_FALSE(loaded.config);
  REQUIRE_MESSAGE(loaded.mistakes.size() == 1, all_of(loaded.mistakes));
  CHECK(loaded.mistakes[0].message() == "f.yaml:" + std::to_string(line) + ":" +
                                            std::to_string(column) + ": " +
                                            std::string(test.message));
}

}  // namespace

TEST_CASE("each mistake in the form of a file is reported at its place with what would be right") {
  const std::array cases{
      Case{top("§htp: {}"), "unknown key `htp`; did you mean `http`?"},
      Case{top("http: { §treads: 4 }"), "unknown key `treads` in `http`; did you mean `threads`?"},
      Case{route("§spil_after: 2s"),
           "unknown key `spil_after` in route `t`; did you mean `spill_after`?"},
      Case{route("buffer: { §max_byte: 2GiB }"),
           "unknown key `max_byte` in `buffer` of route `t`; did you mean `max_bytes`?"},
      Case{route("drain: { §burst: 2 }"),
           "unknown key `burst` in `drain` of route `t`; known here: max_rate or jitter"},
      Case{top("route_defaults: { §akc: buffered }"),
           "unknown key `akc` in `route_defaults`; did you mean `ack`?"},
      Case{top("§include: [more.yaml]"),
           "the key `include` is not supported by this version; leave it out: nothing would heed "
           "it"},
      Case{top("http: { §tls: { cert: /c, key: /k } }"),
           "the key `tls` in `http` is not supported by this version; leave it out: nothing would "
           "heed it"},
      Case{route("dead_letters: { §max_age: 3d }"),
           "the key `max_age` in `dead_letters` of route `t` is not supported by this version; "
           "leave it "
           "out: nothing would heed it"},
      Case{top("log: { level: info }\n§log: { level: debug }"),
           "`log` stands here a second time; the first is in line 1: keep one of them"},
      Case{top("http: §[1, 2]"),
           "`http` is a mapping of keys, not a list; as in `key: value`, a line each, indented"},
      Case{top("stop_timeout: §[5s]"), "`stop_timeout` takes a single value, not a list"},
      Case{top("stop_timeout: §~"),
           "`stop_timeout` has no value; write one, \"\" for an empty text, or leave the key out"},
      Case{route("topics: §plant"), "`topics` of route `t` takes a list; as in `topics: [a, b]`"},
      Case{"http:\n  listen: [::]§:8082\n" + minimal,
           "not YAML: end of map not found; an IPv6 address needs quotes: \"[::]:8082\""},
      Case{"http:\n\tthreads§: 2\n" + minimal,
           "not YAML: illegal map value; indent with spaces, YAML knows no tabs there"},
      Case{minimal + "§---\na: b\n", "a second YAML document begins here; a file holds one"},
      Case{top("http: §!secret {}"), "the tag `!secret` means nothing here; leave it out"},
      Case{sink + "routes:\n  t:\n    §<<: main\n    sink: main\n",
           "`<<` takes a mapping, or a list of mappings; as in `<<: *name`, with `&name` at a "
           "mapping above"},
      Case{top("x-loop: &loop [§*loop]"), "this alias stands inside what it stands for"},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("each wrong value is reported at its place with what would be right") {
  const std::array cases{
      Case{top("http: { max_body: §8MB }"),
           "`http.max_body`: `8MB` is not a size; did you mean `8MiB`?"},
      Case{top("http: { max_body: §lots }"),
           "`http.max_body`: `lots` is not a size; a size is a whole number of bytes, KiB, MiB, "
           "GiB or TiB: `16MiB`"},
      Case{top("http: { max_body: §2GiB }"),
           "`http.max_body`: `2GiB` is too large; from 1KiB to 1GiB"},
      Case{top("stop_timeout: §10"), "`stop_timeout`: `10` is not a duration; did you mean `10s`?"},
      Case{top("http: { idle_timeout: §1.5s }"),
           "`http.idle_timeout`: `1.5s` is not a duration; did you mean `1500ms`?"},
      Case{route("spill_after: §1ms"),
           "`spill_after` of route `t`: `1ms` is too short; from 50ms to 1h"},
      Case{top("http: { threads: §1 }"), "`http.threads`: `1` is out of range; from 2 to 64"},
      Case{top("http: { threads: §two }"),
           "`http.threads`: `two` is not a whole number; from 2 to 64"},
      Case{top("log: { level: §warn }"),
           "`log.level`: `warn` is not one of debug, info, warning or error; did you mean "
           "`warning`?"},
      Case{route("on_error: { auth: §ignore }"),
           "`on_error.auth` of route `t`: `ignore` is not one of retry, dead_letter or drop"},
      Case{route("drain: { max_rate: §fast }"),
           "`drain.max_rate` of route `t`: `fast` is not a whole number; from 1 to 10000000, or "
           "`none`"},
      Case{top("http: { listen: §8082 }"),
           "`http.listen`: `8082` has no host; did you mean `127.0.0.1:8082`? (`0.0.0.0` or `[::]` "
           "for every address)"},
      Case{top("http: { listen: [127.0.0.1:1, §\"::1:8082\"] }"),
           "`http.listen`: `::1:8082` is not host:port; an IPv6 address stands in brackets: "
           "\"[::1]:8082\""},
      Case{top("http: { listen: §/run/in.sock }"),
           "`http.listen`: `/run/in.sock` is not host:port; did you mean `unix:/run/in.sock`?"},
      Case{top("http: { listen: §127.0.0.1:99999 }"),
           "`http.listen`: `127.0.0.1:99999` has no port; a port is a number from 1 to 65535"},
      Case{top("data_dir: §var/lib"),
           "`data_dir`: `var/lib` is not a whole path; a path from the root: `/…`"},
      Case{sink + "routes:\n  §Plant_1: { sink: main }\n",
           "`Plant_1` is not a name for a route or a sink; 1 to 63 of a-z, 0-9, `_` and `-`, the "
           "first a letter or a digit"},
      Case{route("topic: §a/b"),
           "`topic` of route `t`: `a/b` is not a topic; 1 to 249 of a-z, A-Z, 0-9, `.`, `_` and "
           "`-`"},
      Case{route("path: §ingest/t"),
           "`path` of route `t`: `ingest/t` is not a path; it begins with `/`"},
      Case{route("path: §/a%20b"),
           "`path` of route `t`: `/a%20b` is not a path; letters, digits and `/-._~`; no `?`, `#`, "
           "`%` or space"},
      Case{route("path: §/healthz"),
           "`path` of route `t`: `/healthz` is rebufd's own; any other path"},
      Case{route("add_headers: { §rebuf-id: x }"),
           "`add_headers` of route `t` has the name `rebuf-id`, which is rebufd's own; any name "
           "that does not begin with `rebuf-`"},
      Case{route("add_headers: { site: §\"a\\nb\" }"),
           "`add_headers.site` of route `t`: `a\\x0ab` has a line break or another control "
           "character; a header is one line"},
      Case{route("add_headers: { site: §\"a \" }"),
           "`add_headers.site` of route `t`: `a ` begins or ends with a blank; HTTP takes those "
           "away: leave them out"},
      Case{route("add_headers: { site: §\"${NOPE}\" }"),
           "the environment variable `NOPE` is not set; set it, or write `$${NOPE}` for the text "
           "itself"},
      Case{route("add_headers: { site: §\"${file:/does/not/exist}\" }"),
           "cannot read what `${file:/does/not/exist}` names: No such file or directory"},
      Case{route("add_headers: { site: §\"${cred:password}\" }"),
           "`${cred:password}`: there are no credentials ($CREDENTIALS_DIRECTORY is not set); "
           "`LoadCredential=password:/path` in the systemd unit provides it"},
      Case{route("add_headers: { site: §\"${a b}\" }"),
           "`${a b}` is not a reference; `${NAME}`, `${file:/path}` or `${cred:NAME}`; `$${` for a "
           "literal `${`"},
      Case{route("add_headers: { site: §\"${HOME\" }"),
           "`${` without its `}`; `$${` is a literal `${`"},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("each mistake in a sink is reported at its place with what would be right") {
  const std::array cases{
      Case{"sinks:\n  §main: { brokers: [\"k:9092\"] }\nroutes: { t: { sink: main } }\n",
           "sink `main` has no `type`; one of kafka, embedded_kafka, http or file"},
      Case{"sinks:\n  main: { type: §kafca }\nroutes: { t: { sink: main } }\n",
           "`type` of sink `main`: `kafca` is not one of kafka, embedded_kafka, http or file; did "
           "you mean `kafka`?"},
      Case{"sinks:\n  §main: { type: kafka }\nroutes: { t: { sink: main } }\n",
           "sink `main` has no `brokers`; add `brokers: [\"kafka1.example.org:9092\"]`"},
      Case{kafka("brokers: [§localhost]"),
           "`brokers` of sink `main`: `localhost` is not host:port; as in "
           "`kafka1.example.org:9092`"},
      Case{kafka("brokers: [§\"SSL://k:9093\"]"),
           "`brokers` of sink `main`: `SSL://k:9093` is not host:port; TLS and SASL are set by "
           "`security.protocol` in `librdkafka_options`"},
      Case{option("§compresion.type: lz4"),
           "`compresion.type` in `librdkafka_options` of sink `main` is not a property of "
           "librdkafka; did you mean `compression.type`?"},
      Case{option("§compression.type: lz5"),
           "`compression.type` in `librdkafka_options` of sink `main` does not take this value; "
           "allowed: none, gzip, snappy, lz4, zstd"},
      Case{option("§acks: 1"),
           "`acks` in `librdkafka_options` of sink `main` is set by rebufd itself (it is "
           "`request.required.acks`); always `all`: leave it out"},
      Case{option("§group.id: g"),
           "`group.id` in `librdkafka_options` of sink `main` is a property of consumers; leave it "
           "out"},
      Case{option("security.protocol: ssl, §ssl.ca.location: /does/not/exist"),
           "`ssl.ca.location` in `librdkafka_options` of sink `main` names a file that cannot be "
           "read: No such file or directory; `/does/not/exist`"},
      Case{kafka("brokers: [\"k:9092\"], §librdkafka_options: { security.protocol: sasl_plaintext, "
                 "sasl.mechanism: NONE }"),
           "librdkafka refuses sink `main`: Unsupported SASL mechanism: NONE; look at its `ssl.*` "
           "and `sasl.*` properties"},
      Case{kafka("brokers: [\"k:9092\"], partitioner: §murmur"),
           "`partitioner` of sink `main`: `murmur` is not one of murmur2_random, murmur2, "
           "consistent_random, consistent, fnv1a_random, fnv1a or random; did you mean `murmur2`?"},
      Case{"sinks:\n  §main: { type: http }\nroutes: { t: { sink: main } }\n",
           "sink `main` has no `url`; add `url: https://example.org/in`"},
      Case{http("url: §example.org/in"),
           "`url` of sink `main`: `example.org/in` is not a URL to send to; it must begin with "
           "http:// or https://"},
      Case{http("url: §https://me:pw@example.org/in"),
           "`url` of sink `main`: `https://***@example.org/in` is not a URL to send to; user and "
           "password do not belong in a URL: set the Authorization header"},
      Case{hook("batch: { format: single, §max_messages: 10 }"),
           "`batch.max_messages` of sink `main` is more than 1, but `format: single` sends one a "
           "request; leave `max_messages` out, or use `format: ndjson`"},
      Case{hook("retry: { §min: 2m, max: 1m }"),
           "`retry.min` of sink `main` is longer than `retry.max`; the waits grow from min to max"},
      Case{hook("dead_letter_status: [400, §429]"),
           "`dead_letter_status` of sink `main` would dead-letter on 429, which passes by itself; "
           "leave it out: the sink tries again"},
      Case{hook("dead_letter_status: [§503]"),
           "`dead_letter_status` of sink `main`: `503` is out of range; from 400 to 499"},
      Case{hook("headers: { §Content-Length: 3 }"),
           "`headers.Content-Length` of sink `main` is HTTP's or rebufd's own; leave it out"},
      Case{hook("headers: { §Range: 3 }"),
           "`headers.Range` of sink `main` is HTTP's or rebufd's own; leave it out"},
      Case{hook("headers: { Authorization: §\"a\\nb\" }"),
           "`headers.Authorization` of sink `main`: the value has a line break or another control "
           "character; a header is one line"},
      Case{hook("tls: { §ca: /does/not/exist }"),
           "`tls.ca` of sink `main` names a file that cannot be read: No such file or directory; "
           "`/does/not/exist`"},
      Case{
          hook("tls: { §ca: /etc/passwd }"),
          "`tls.ca` of sink `main` cannot be used: no certificates in /etc/passwd; PEM files, with "
          "the key of the certificate"},
      Case{hook("§tls: { cert: /etc/passwd }"),
           "`tls` of sink `main` has a `cert` without its `key`; a client certificate needs both"},
      Case{http("url: http://example.org/in, §tls: { ca: /etc/passwd }"),
           "`tls` of sink `main` does nothing with a `http://` url; did you mean `https://`?"},
      Case{"sinks:\n  a: { type: file, path: /out }\n  b: { type: file, §path: /out }\n"
           "routes: { t: { sink: a }, u: { sink: b } }\n",
           "`path` of sink `b` is the file of sink `a` too; let the routes share one sink"},
      Case{"sinks:\n  main: { type: file, path: /out, §url: x }\nroutes: { t: { sink: main } }\n",
           "unknown key `url` in sink `main`; known here: type or path"},
  };
  for (const Case& test : cases) check(test);
}

TEST_CASE("what only several keys together get wrong is reported at one of them") {
  const std::array cases{
      Case{"§sinks: {}\nroutes: { t: { sink: none } }\n",
           "there are no sinks; a minimal file is one sink and one route"},
      Case{sink + "§routes: {}\n", "there are no routes; a minimal file is one sink and one route"},
      Case{sink + "routes:\n  t: { §sink: mian }\n",
           "route `t` wants the sink `mian`, which is not there; did you mean `main`?"},
      Case{sink + "routes:\n  7: { sink: main, §spil: 1s }\n",
           "unknown key `spil` in route `7`; did you mean `spill_after`?"},
      Case{sink + "routes:\n  §t: { ack: buffered }\n",
           "route `t` has no `sink`; name one of the sinks: `sink: main`"},
      Case{
          sink + "routes:\n  a: { sink: main, path: /in }\n  b: { sink: main, §path: /in/batch }\n",
          "route `b` answers at `/in/batch`, as route `a` does; a path of its own for each, other "
          "than the other's with `/batch`"},
      Case{sink + "routes:\n  a: { sink: main }\n  b: { sink: main, §path: /ingest/a }\n",
           "route `b` answers at `/ingest/a`, as route `a` does; a path of its own for each, other "
           "than the other's with `/batch`"},
      Case{sink + "routes:\n  a: { sink: main, topics: [\"plant-*\"] }\n"
                  "  b: { sink: main, topics: [x, §\"*-1\"] }\n",
           "the topics `*-1` of route `b` overlap with `plant-*` of route `a`; a topic belongs to "
           "one route: make the patterns narrower"},
      Case{top("http: { listen: 0.0.0.0:80 }\nadmin: { listen: §127.0.0.1:80 }"),
           "`127.0.0.1:80` (`admin.listen`) is taken by `http.listen`, `0.0.0.0:80`; each address "
           "once, and none beside `0.0.0.0` or `[::]` with its port"},
      Case{top("http: { listen: \"unix:/a\" }\nadmin: { §socket: /a }"),
           "`unix:/a` (`admin.socket`) is taken by `http.listen`, `unix:/a`; each address once, "
           "and none beside `0.0.0.0` or `[::]` with its port"},
      Case{top("http: { §listen: [] }"),
           "`http.listen` is empty; rebufd takes messages at one address at least"},
      Case{route("buffer: { §max_bytes: 24MiB }"),
           "`buffer.max_bytes` of route `t` (24MiB) is less than two segments (16MiB each); at "
           "least `32MiB`, or a smaller `segment_size`"},
      Case{route("buffer: { segment_size: 1MiB, §max_segments: 3 }"),
           "`buffer.max_bytes` of route `t` (4MiB) is less than two windows (4MiB each); at least "
           "`8MiB`, or a smaller `window.max_bytes`"},
      Case{route("buffer: { max_bytes: 1GiB, §max_segments: 3 }"),
           "`buffer` of route `t` has both `max_bytes` and `max_segments`; keep one: they say the "
           "same in two ways"},
      Case{route("window: { §max_bytes: 40MiB }"),
           "`window.max_bytes` of route `t` (40MiB) is more than half of `limits.memory` (64MiB); "
           "at most `32MiB`, or more memory"},
      Case{top("http: { §max_body: 128MiB }"),
           "`http.max_body` (128MiB) is more than `limits.memory` (64MiB); such a request could "
           "never be taken"},
      Case{route("§spill_after: 30s"),
           "`spill_after` of route `t` is not below `http.request_timeout`; clients would have "
           "their 503 before the log takes over"},
  };
  for (const Case& test : cases) check(test);
}

}  // namespace rebuf::config::test
