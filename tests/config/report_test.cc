// How mistakes and warnings are reported: all of them, in order, once, where they stand.
#include <string>
#include <vector>

#include "loading.h"

namespace rebuf::config::test {
namespace {

std::string kafka_with(const std::string& property) {
  return "sinks: { main: { type: kafka, brokers: [\"k:9092\"], librdkafka_options: { " + property +
         ": 1 } } }\nroutes: { t: { sink: main } }\n";
}

}  // namespace

TEST_CASE("all mistakes of a file are reported at once, in file order") {
  const Loaded loaded = load_text(
      "http: { threads: 1, max_body: 8MB }\n"
      "sinks:\n"
      "  main: { type: kafka, brokers: [k], librdkafka_options: { acks: 0, linger.ms: 5 } }\n"
      "  hook: { type: http, url: ftp://x }\n"
      "routes:\n"
      "  A: { sink: mian, spill_after: 5 }\n"
      "  b: { sink: hook, on_error: { auth: no }, window: { max_bytes: 1GiB } }\n",
      "f.yaml", environment());
  std::vector<int> lines;
  for (const Mistake& mistake : loaded.mistakes) lines.push_back(mistake.at.line);
  const std::vector<int> expected{1, 1, 3, 3, 3, 4, 6, 6, 6, 7, 7, 7};
  CHECK_MESSAGE(lines == expected, all_of(loaded.mistakes));
  CHECK_FALSE(loaded.config);
}

TEST_CASE("a mistake in route_defaults is reported once, not once a route") {
  const Loaded loaded = load_text(
      sink +
          "route_defaults: { spill_after: x }\nroutes: { a: { sink: main }, b: { sink: main } }\n",
      "f.yaml", environment());
  CHECK_MESSAGE(loaded.mistakes.size() == 1, all_of(loaded.mistakes));
}

TEST_CASE("a value of route_defaults that does not fit is reported where it stands") {
  const Loaded loaded = load_text(
      sink + "route_defaults:\n  window: { max_bytes: 40MiB }\nroutes: { a: { sink: main } }\n",
      "f.yaml", environment());
  REQUIRE_MESSAGE(loaded.mistakes.size() == 1, all_of(loaded.mistakes));
  CHECK(loaded.mistakes[0].message().starts_with(
      "f.yaml:3:13: `window.max_bytes` of route `a` (40MiB) is more than half"));
}

TEST_CASE("what an alias repeats is reported once") {
  const Loaded loaded =
      load_text(sink +
                    "routes:\n  a: &a { sink: main, add_headers: { w: \"${NOPE}\" } }\n"
                    "  b: { <<: *a }\n",
                "f.yaml", environment());
  CHECK_MESSAGE(loaded.mistakes.size() == 1, all_of(loaded.mistakes));
}

TEST_CASE("librdkafka properties that rebufd owns are refused under all their names") {
  for (const std::string name : {"acks",
                                 "request.required.acks",
                                 "enable.idempotence",
                                 "enable.gapless.guarantee",
                                 "message.timeout.ms",
                                 "delivery.timeout.ms",
                                 "retries",
                                 "message.send.max.retries",
                                 "queue.buffering.max.messages",
                                 "queue.buffering.max.kbytes",
                                 "queue.buffering.max.ms",
                                 "queue.buffering.backpressure.threshold",
                                 "linger.ms",
                                 "batch.size",
                                 "message.max.bytes",
                                 "max.in.flight",
                                 "max.in.flight.requests.per.connection",
                                 "socket.timeout.ms",
                                 "bootstrap.servers",
                                 "metadata.broker.list",
                                 "partitioner",
                                 "plugin.library.paths",
                                 "transactional.id",
                                 "delivery.report.only.error",
                                 "queuing.strategy"}) {
    const Loaded loaded = load_text(kafka_with(name), "f.yaml", environment());
    CAPTURE(name);
    REQUIRE(loaded.mistakes.size() == 1);
    CHECK(loaded.mistakes[0].what.find("is set by rebufd itself") != std::string::npos);
  }
}

TEST_CASE("a file that is not there is a mistake, not a crash") {
  const Loaded loaded = load("/does/not/exist.yaml", environment());
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(loaded.mistakes[0].message() ==
        "/does/not/exist.yaml: cannot be read: No such file or directory");
}

TEST_CASE("what is allowed and unwise is a warning at its place") {
  const Loaded loaded = load_text(
      "data_dir: /var/lib/rebufd\n"
      "sinks:\n"
      "  main: { type: embedded_kafka }\n"
      "  hook: { type: http, url: http://example.org, max_in_flight: 4 }\n"
      "  spare: { type: file, path: /out }\n"
      "routes:\n"
      "  a: { sink: main, buffer: { max_bytes: 1000TiB } }\n"
      "  b: { sink: hook }\n",
      "f.yaml", environment());
  REQUIRE_MESSAGE(loaded.config, all_of(loaded.mistakes));
  REQUIRE_MESSAGE(loaded.warnings.size() == 4, all_of(loaded.warnings));
  const auto begins = [&](std::size_t i, const std::string& text) {
    CHECK_MESSAGE(loaded.warnings[i].message().starts_with(text), loaded.warnings[i].message());
  };
  begins(0, "f.yaml:1:1: the routes may fill ");
  begins(1, "f.yaml:3:3: sink `main` is librdkafka's mock cluster: a 200 means memory");
  begins(
      2,
      "f.yaml:4:48: `max_in_flight` of sink `hook` is more than 1: this sink gives up the order");
  begins(3, "f.yaml:5:3: no route uses the sink `spare`");
}

}  // namespace rebuf::config::test
