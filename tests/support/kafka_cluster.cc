#include "kafka_cluster.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>

#include "sinks/kafka/handles.h"

namespace rebuf::test {
namespace {

using sinks::kafka::ClientHandle;
using sinks::kafka::ConfHandle;
using sinks::kafka::Destroy;
using sinks::kafka::EventHandle;
using sinks::kafka::QueueHandle;

constexpr int timeout_ms = 15'000;

ClientHandle make_client(const std::string& bootstrap) {
  std::array<char, 512> why{};
  ConfHandle conf(rd_kafka_conf_new());
  REQUIRE(rd_kafka_conf_set(conf.get(), "bootstrap.servers", bootstrap.c_str(), why.data(),
                            why.size()) == RD_KAFKA_CONF_OK);
  ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  REQUIRE(client != nullptr);
  (void)conf.release();
  return client;
}

// The answer for the one topic that was asked about.
rd_kafka_resp_err_t answer(rd_kafka_queue_t* queue) {
  const EventHandle event(rd_kafka_queue_poll(queue, timeout_ms));
  REQUIRE(event != nullptr);
  REQUIRE_MESSAGE(rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR,
                  rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const rd_kafka_topic_result_t** results = nullptr;
  if (const auto* made = rd_kafka_event_CreateTopics_result(event.get()))
    results = rd_kafka_CreateTopics_result_topics(made, &count);
  else if (const auto* removed = rd_kafka_event_DeleteTopics_result(event.get()))
    results = rd_kafka_DeleteTopics_result_topics(removed, &count);
  REQUIRE(count == 1);
  return rd_kafka_topic_result_error(results[0]);
}

}  // namespace

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
    call("up '" + directory_ + "' " + std::to_string(nodes), "REBUF_KAFKA_LIMITED=1");
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

void KafkaCluster::call(const std::string& arguments, const std::string& environment) {
  const std::string command = environment + " " + REBUF_KAFKA_SCRIPT + " " + arguments;
  REQUIRE_MESSAGE(std::system(command.c_str()) == 0, command);
}

void KafkaCluster::run(const std::string& verb, int node) {
  call(verb + " '" + directory_ + "' " + std::to_string(node));
}

void KafkaCluster::wait() { call("wait '" + directory_ + "'"); }

void KafkaCluster::limit(const std::string& client_id, std::size_t bytes_per_second) {
  call("quota '" + directory_ + "' " + client_id + " " + std::to_string(bytes_per_second));
}

std::string KafkaCluster::fresh_topic() {
  static int count = 0;
  return "t" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

void KafkaCluster::create(const std::string& topic, int partitions,
                          const std::map<std::string, std::string>& config) {
  const ClientHandle client = make_client(bootstrap_);
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  std::array<char, 512> why{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, nodes_, why.data(), why.size()));
  REQUIRE(wanted != nullptr);
  for (const auto& [name, value] : config)
    REQUIRE(rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str()) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  // A topic that was just removed may linger for a moment.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
  while (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
         std::chrono::steady_clock::now() < deadline) {
    std::array<rd_kafka_NewTopic_t*, 1> topics{wanted.get()};
    rd_kafka_CreateTopics(client.get(), topics.data(), topics.size(), nullptr, queue.get());
    error = answer(queue.get());
  }
  REQUIRE_MESSAGE(error == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(error));
}

std::string KafkaCluster::limited_bootstrap() const {
  REQUIRE(nodes_ == 1);
  return bootstrap_.substr(0, bootstrap_.rfind(':')) + ":9094";
}

void KafkaCluster::allow_limited_to_write(const std::string& topic) {
  const ClientHandle client = make_client(bootstrap_);
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  std::array<char, 512> why{};
  const std::unique_ptr<rd_kafka_AclBinding_t, Destroy<rd_kafka_AclBinding_destroy>> rule(
      rd_kafka_AclBinding_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str(),
                              RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:limited", "*",
                              RD_KAFKA_ACL_OPERATION_WRITE, RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW,
                              why.data(), why.size()));
  REQUIRE_MESSAGE(rule != nullptr, why.data());
  std::array<rd_kafka_AclBinding_t*, 1> rules{rule.get()};
  rd_kafka_CreateAcls(client.get(), rules.data(), rules.size(), nullptr, queue.get());
  const EventHandle event(rd_kafka_queue_poll(queue.get(), timeout_ms));
  REQUIRE(event != nullptr);
  REQUIRE_MESSAGE(rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR,
                  rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  const auto** results =
      rd_kafka_CreateAcls_result_acls(rd_kafka_event_CreateAcls_result(event.get()), &count);
  REQUIRE(count == 1);
  REQUIRE(rd_kafka_acl_result_error(results[0]) == nullptr);
}

void KafkaCluster::remove(const std::string& topic) {
  const ClientHandle client = make_client(bootstrap_);
  const QueueHandle queue(rd_kafka_queue_new(client.get()));
  const std::unique_ptr<rd_kafka_DeleteTopic_t, Destroy<rd_kafka_DeleteTopic_destroy>> unwanted(
      rd_kafka_DeleteTopic_new(topic.c_str()));
  std::array<rd_kafka_DeleteTopic_t*, 1> topics{unwanted.get()};
  rd_kafka_DeleteTopics(client.get(), topics.data(), topics.size(), nullptr, queue.get());
  REQUIRE(answer(queue.get()) == RD_KAFKA_RESP_ERR_NO_ERROR);
}

}  // namespace rebuf::test
