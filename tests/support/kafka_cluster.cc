#include "kafka_cluster.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace rebuf::test {

KafkaCluster& KafkaCluster::get(int nodes) {
  static KafkaCluster cluster(nodes);
  for (int node = 1; node <= cluster.nodes(); ++node) cluster.run("start", node);
  cluster.wait();
  return cluster;
}

KafkaCluster::KafkaCluster(int nodes) {
  if (const char* given = std::getenv("REBUF_TEST_KAFKA_DIR")) {
    directory_ = given;
  } else {
    owned_ = true;
    directory_ =
        std::filesystem::temp_directory_path() / ("rebuf-kafka-" + std::to_string(::getpid()));
    call("up '" + directory_ + "' " + std::to_string(nodes));
  }
  std::ifstream(directory_ + "/bootstrap") >> bootstrap_;
  REQUIRE_MESSAGE(!bootstrap_.empty(), "no broker in ", directory_,
                  "; these tests need Java, Maven and kcat");
  nodes_ = 1 + static_cast<int>(std::count(bootstrap_.begin(), bootstrap_.end(), ','));
}

KafkaCluster::~KafkaCluster() {
  if (!owned_) return;
  const std::string down = std::string(REBUF_KAFKA_SCRIPT) + " down '" + directory_ + "'";
  if (std::system(down.c_str()) == 0) std::filesystem::remove_all(directory_);
}

void KafkaCluster::call(const std::string& arguments) {
  const std::string command = std::string(REBUF_KAFKA_SCRIPT) + " " + arguments;
  REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command);
}

void KafkaCluster::run(const std::string& verb, int node) {
  call(verb + " '" + directory_ + "' " + std::to_string(node));
}

void KafkaCluster::wait() { call("wait '" + directory_ + "'"); }

void KafkaCluster::limit(const std::string& client_id,
                         std::optional<std::size_t> bytes_per_second) {
  call("quota '" + directory_ + "' " + client_id + " " +
       (bytes_per_second ? std::to_string(*bytes_per_second) : "none"));
}

void KafkaCluster::elect(const std::string& topic, int rounds) {
  call("elect '" + directory_ + "' " + topic + " " + std::to_string(rounds));
}

void KafkaCluster::set_gateway_password(const std::string& password) {
  call("password '" + directory_ + "' " + password);
}

std::vector<std::string> KafkaCluster::hosts() const {
  std::vector<std::string> all;
  std::istringstream brokers(bootstrap_);
  for (std::string broker; std::getline(brokers, broker, ',');)
    all.push_back(broker.substr(0, broker.find(':')));
  return all;
}

std::string KafkaCluster::fresh_topic() {
  static int count = 0;
  return "t" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

KafkaAdmin& KafkaCluster::admin() {
  if (!admin_) admin_.emplace(bootstrap_);
  return *admin_;
}

std::string KafkaCluster::gateway_bootstrap() const {
  std::string all;
  for (const std::string& host : hosts()) all += (all.empty() ? "" : ",") + host + ":9096";
  return all;
}

void KafkaCluster::create(const std::string& topic, int partitions, const TopicConfig& config) {
  admin().create(topic, partitions, nodes_, config);
}

void KafkaCluster::remove(const std::string& topic) {
  admin().remove(topic);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(100);
  while (has_partition_of(topic)) REQUIRE(std::chrono::steady_clock::now() < deadline);
}

// A partition is a directory, TOPIC-NUMBER; one that is removed gets another name at once.
bool KafkaCluster::has_partition_of(const std::string& topic) const {
  const std::string prefix = topic + "-";
  for (int node = 1; node <= nodes_; ++node) {
    const auto data = std::filesystem::path(directory_) / std::to_string(node) / "data";
    for (const auto& entry : std::filesystem::directory_iterator(data)) {
      const std::string name = entry.path().filename();
      if (name.starts_with(prefix) &&
          name.find_first_not_of("0123456789", prefix.size()) == std::string::npos)
        return true;
    }
  }
  return false;
}

}  // namespace rebuf::test
