// print(): the whole configuration, which loads again to the same value, and no secrets.
#include "loading.h"

namespace rebuf::config::test {
namespace {

// Every key, none with its default.
const std::string everything = R"(
data_dir: /srv/rebufd
log: { level: debug, format: json }
http:
  listen: ["[::1]:1", "unix:/run/in put.sock"]
  threads: 3
  max_body: 3MiB
  max_connections: 77
  idle_timeout: 1m30s
  request_timeout: 20s
admin: { listen: "127.0.0.1:2", socket: /run/a.sock, allowed_hosts: [gw.example.org] }
limits: { memory: 100MiB, keep_free: 0 }
stop_timeout: 3s
sinks:
  kafka-1:
    type: kafka
    brokers: ["${BROKER}", "b:1,c:2"]
    librdkafka_options: { compression.type: zstd, client.id: "a: \"b\" # c" }
    partitioner: random
  mock: { type: embedded_kafka, partitioner: murmur2 }
  hook:
    type: http
    url: http://[::1]:80/in/b%20c
    method: PUT
    headers: { Prefer: "null", Y: "", User-Agent: "$${no} - 'q' \\ \t.", Authorization: "Bearer ${TOKEN}" }
    batch: { max_messages: 7, max_bytes: 2000, format: json_array }
    max_in_flight: 2
    timeout: 1500ms
    retry: { min: 1s, max: 2s }
    dead_letter_status: [404]
    compression: zstd
    health: { path: /up, interval: 1h }
  files: { type: file, path: /srv/out.ndjson }
route_defaults: { add_headers: { gateway: "${HOST}" }, forward_headers: [] }
routes:
  a:
    path: /in/a
    sink: kafka-1
    topic: T.1
    topics: ["x-*", y]
    split: lines
    ack: buffered
    spill_after: 2s
    forward_headers: ["x-*"]
    buffer: { segment_size: 1MiB, max_bytes: 64MiB, sync: interval, sync_interval: 1s, on_full: drop_oldest }
    window: { max_messages: 5, max_bytes: 1MiB }
    drain: { max_rate: 9, jitter: 0s }
    on_error: { too_large: drop, unknown_topic: retry, invalid: retry, auth: dead_letter }
    dead_letters: { max_bytes: 1MiB }
  b: { sink: hook, split: single, ack: delivered, add_headers: { own: "${HOST}" } }
  c: { sink: mock, split: json_array, buffer: { max_segments: "${SEGMENTS}" } }
  0d: { sink: files }
)";
const Variables variables{
    {"BROKER", "k:9092"}, {"TOKEN", "t0psecret"}, {"HOST", "h"}, {"SEGMENTS", "8"}};

}  // namespace

TEST_CASE("what print() writes loads again to the same value") {
  const Config config = good(everything, variables);
  const std::string text = print(config);
  const Config again = good(text, variables);
  CHECK_MESSAGE(again == config, text);
  CHECK(print(again) == text);
}

TEST_CASE("print() shows defaults") {
  const std::string text = print(good(minimal));
  CHECK(text.find("  listen: [\"127.0.0.1:8082\"]\n  threads: 2\n  max_body: 8MiB\n") !=
        std::string::npos);
  CHECK(text.find("    drain:\n      max_rate: none\n      jitter: 5s\n") != std::string::npos);
}

TEST_CASE("print() shows references as they were written, and no secret") {
  const std::string text = print(good(
      "sinks:\n"
      "  k:\n"
      "    type: kafka\n"
      "    brokers: [\"k:1\"]\n"
      "    librdkafka_options:\n"
      "      sasl.username: me\n"
      "      sasl.password: geheim1\n"
      "      ssl.key.password: geheim2\n"
      "  h:\n"
      "    type: http\n"
      "    url: \"https://example.org/${PART}\"\n"
      "    headers: { Authorization: Bearer geheim3, X-Api-Key: geheim4, X-Token: \"${WORD}\",\n"
      "      apikey: geheim7, X-Auth: geheim8, Content-Type: text/x-plain }\n"
      "  q: { type: http, url: \"https://example.org/in?key=geheim9&b\" }\n"
      "routes: { t: { sink: k }, u: { sink: h }, v: { sink: q } }\n",
      {{"WORD", "geheim5"}, {"PART", "geheim6"}}));
  CHECK_MESSAGE(text.find("geheim") == std::string::npos, text);
  CHECK(text.find("sasl.username: me\n") != std::string::npos);
  CHECK(text.find("sasl.password: \"***\"\n") != std::string::npos);
  CHECK(text.find("url: \"https://example.org/${PART}\"\n") != std::string::npos);
  CHECK(text.find("X-Token: \"${WORD}\"\n") != std::string::npos);
  CHECK(text.find("Content-Type: text/x-plain\n") != std::string::npos);
  CHECK(text.find("url: \"https://example.org/in?***\"\n") != std::string::npos);
}

TEST_CASE("a reference in route_defaults is shown in the routes that do not replace it") {
  const std::string text = print(good(sink + "route_defaults: { add_headers: { w: \"${WORD}\" } }\n"
                                             "routes:\n"
                                             "  a: { sink: main }\n"
                                             "  b: { sink: main, add_headers: { w: plain } }\n",
                                      {{"WORD", "geheim"}}));
  CHECK_MESSAGE(text.find("geheim") == std::string::npos, text);
  CHECK(text.find("w: \"${WORD}\"\n") != std::string::npos);
  CHECK(text.find("w: plain\n") != std::string::npos);
}

TEST_CASE("a message about a value from a reference does not show the value") {
  const Loaded loaded = load_text("stop_timeout: \"${WORD}\"\n" + minimal, "f.yaml",
                                  environment({{"WORD", "geheim"}}));
  REQUIRE(loaded.mistakes.size() == 1);
  CHECK(loaded.mistakes[0].message().find("geheim") == std::string::npos);
}

TEST_CASE("a message about a secret value does not show the value") {
  for (const char* mistaken :
       {"url: https://me:geheim@example.org/in", "url: \"ftp://example.org/in?key=geheim\"",
        "url: \"https://example.org/in?key=geheim value\"", "headers: { X-Auth: \"geheim\\n\" }"}) {
    const Loaded loaded = load_text(
        "sinks:\n  h: { type: http, " + std::string(mistaken) + " }\nroutes: { t: { sink: h } }\n",
        "f.yaml", environment({}));
    REQUIRE_FALSE(loaded.mistakes.empty());
    for (const Mistake& mistake : loaded.mistakes)
      CHECK_MESSAGE(mistake.message().find("geheim") == std::string::npos, mistake.message());
  }
}

TEST_CASE("configurations that differ in lines and order of keys are the same") {
  const Config one = good("log: { level: error }\n" + minimal);
  const Config other = good("\n\n" + minimal + "log:\n  level: error\n");
  CHECK(one == other);
  CHECK_FALSE(one == good(minimal));
}

}  // namespace rebuf::config::test
