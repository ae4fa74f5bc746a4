// The files that a user starts from load, each with the environment that it asks for.
#include <fstream>

#include "loading.h"
#include "support/temporary_directory.h"

namespace rebuf::config::test {
namespace {

Config example(const std::string& name, const Variables& variables) {
  const Loaded loaded = load(REBUF_CONFIG_DIR "/" + name, environment(variables));
  REQUIRE_MESSAGE(loaded.config, all_of(loaded.mistakes));
  return *loaded.config;
}

}  // namespace

TEST_CASE("quickstart.yaml is one route into the embedded Kafka at the default addresses") {
  const Config config = example("quickstart.yaml", {});
  REQUIRE(config.routes.size() == 1);
  CHECK(config.routes[0].name == "quickstart");
  CHECK(config.routes[0].path == "/ingest/quickstart");
  CHECK(config.sink(config.routes[0].sink).kafka.embedded);
  CHECK(config.http.listen[0].text() == "127.0.0.1:8082");
  CHECK(config.admin.listen[0].text() == "127.0.0.1:18082");
}

TEST_CASE("quickstart_kafka.yaml is the same route into the Kafka that $KAFKA names") {
  const Config config = example("quickstart_kafka.yaml", {{"KAFKA", "k1:9092,k2:9092"}});
  CHECK(config.sinks[0].kafka.brokers == std::vector<std::string>{"k1:9092,k2:9092"});
  CHECK(config.routes == example("quickstart.yaml", {}).routes);
  const Loaded without = load(REBUF_CONFIG_DIR "/quickstart_kafka.yaml", environment());
  REQUIRE(without.mistakes.size() == 1);
  CHECK(without.mistakes[0].what == "the environment variable `KAFKA` is not set");
}

TEST_CASE("edge_gateway.yaml has two routes into one Kafka cluster over TLS") {
  const rebuf::test::TemporaryDirectory credentials;
  std::ofstream(credentials.path() / "kafka-password") << "geheim\n";
  const Config config =
      example("edge_gateway.yaml", {{"HOSTNAME", "gw7"},
                                    {"KAFKA_USER", "plant"},
                                    {"CREDENTIALS_DIRECTORY", credentials.path().string()}});
  REQUIRE(config.routes.size() == 2);
  CHECK(config.sinks[0].kafka.librdkafka_options.at("sasl.password") == "geheim");
  CHECK(config.routes[0].buffer.on_full == OnFull::drop_oldest);
  CHECK(config.routes[1].buffer.on_full == OnFull::reject);
  CHECK(config.routes[1].drain_max_rate == std::nullopt);
  CHECK(print(config).find("geheim") == std::string::npos);
}

TEST_CASE("webhook.yaml delivers one event a request, from the log") {
  const Config config = example("webhook.yaml", {{"HOOK_TOKEN", "t"}});
  CHECK(config.sinks[0].http.headers.at("Authorization") == "Bearer t");
  CHECK(config.sinks[0].http.batch_max_messages == 1);
  CHECK(config.routes[0].ack == Ack::buffered);
  CHECK(config.routes[0].path == "/events");
}

TEST_CASE("rebufd.yaml shows defaults as defaults") {
  std::ifstream file(REBUF_CONFIG_DIR "/rebufd.yaml");
  std::string all;
  for (std::string line; std::getline(file, line);) {
    // "# key: value" at any depth is a default; prose has no colon after its first word.
    const std::size_t hash = line.find("# ");
    const std::size_t word = line.find_first_not_of(' ', hash == std::string::npos ? 0 : hash + 2);
    const std::size_t end = line.find_first_of(" :", word);
    const bool only_comment = hash != std::string::npos && line.find_first_not_of(' ') == hash;
    if (only_comment && end != std::string::npos && line[end] == ':' &&
        line.compare(word, 6, "Sizes:"))
      line.erase(hash, 2);
    all += line + "\n";
  }
  CHECK(all.find("\ndata_dir: ") != std::string::npos);
  CHECK(all.find("\n    window: ") != std::string::npos);
  const Config uncommented = good(all);
  CHECK(uncommented.sinks[0].kafka.librdkafka_options.size() == 1);
  Config plain = example("rebufd.yaml", {});
  plain.file = uncommented.file;
  plain.sinks = uncommented.sinks;
  CHECK_MESSAGE(uncommented == plain, print(uncommented));
}

}  // namespace rebuf::config::test
