#include "tests/support/kafka_admin.h"

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <memory>

namespace rebuf::test {
namespace {

using sinks::kafka::ClientHandle;
using sinks::kafka::ConfHandle;
using sinks::kafka::ConfigResourceHandle;
using sinks::kafka::Destroy;
using sinks::kafka::EventHandle;

constexpr int timeout_ms = 60'000;

ClientHandle make_client(const std::string& bootstrap) {
  std::array<char, 512> why{};
  ConfHandle conf(rd_kafka_conf_new());
  // Requests go to the controller; the broker that was said to be it may have died since.
  for (const auto& [name, value] :
       {std::pair{"bootstrap.servers", bootstrap.c_str()}, std::pair{"log_level", "2"},
        std::pair{"topic.metadata.refresh.interval.ms", "500"}})
    REQUIRE(rd_kafka_conf_set(conf.get(), name, value, why.data(), why.size()) == RD_KAFKA_CONF_OK);
  ClientHandle client(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
  REQUIRE(client != nullptr);
  (void)conf.release();
  return client;
}

rd_kafka_resp_err_t error_of(const rd_kafka_error_t* error) {
  return error == nullptr ? RD_KAFKA_RESP_ERR_NO_ERROR : rd_kafka_error_code(error);
}

void must_succeed(rd_kafka_resp_err_t error) {
  REQUIRE_MESSAGE(error == RD_KAFKA_RESP_ERR_NO_ERROR, rd_kafka_err2str(error));
}

}  // namespace

KafkaAdmin::KafkaAdmin(const std::string& bootstrap)
    : client_(make_client(bootstrap)), queue_(rd_kafka_queue_new(client_.get())) {}

rd_kafka_resp_err_t KafkaAdmin::answer() {
  const EventHandle event(rd_kafka_queue_poll(queue_.get(), timeout_ms));
  REQUIRE(event != nullptr);
  REQUIRE_MESSAGE(rd_kafka_event_error(event.get()) == RD_KAFKA_RESP_ERR_NO_ERROR,
                  rd_kafka_event_error_string(event.get()));
  std::size_t count = 0;
  if (const auto* made = rd_kafka_event_CreateTopics_result(event.get()))
    return rd_kafka_topic_result_error(rd_kafka_CreateTopics_result_topics(made, &count)[0]);
  if (const auto* removed = rd_kafka_event_DeleteTopics_result(event.get()))
    return rd_kafka_topic_result_error(rd_kafka_DeleteTopics_result_topics(removed, &count)[0]);
  if (const auto* changed = rd_kafka_event_AlterConfigs_result(event.get()))
    return rd_kafka_ConfigResource_error(
        rd_kafka_AlterConfigs_result_resources(changed, &count)[0]);
  if (const auto* forbidden = rd_kafka_event_CreateAcls_result(event.get()))
    return error_of(
        rd_kafka_acl_result_error(rd_kafka_CreateAcls_result_acls(forbidden, &count)[0]));
  const auto* allowed = rd_kafka_event_DeleteAcls_result(event.get());
  REQUIRE(allowed != nullptr);
  return error_of(rd_kafka_DeleteAcls_result_response_error(
      rd_kafka_DeleteAcls_result_responses(allowed, &count)[0]));
}

void KafkaAdmin::create(const std::string& topic, int partitions, int replicas,
                        const TopicConfig& config) {
  std::array<char, 512> why{};
  const std::unique_ptr<rd_kafka_NewTopic_t, Destroy<rd_kafka_NewTopic_destroy>> wanted(
      rd_kafka_NewTopic_new(topic.c_str(), partitions, replicas, why.data(), why.size()));
  REQUIRE(wanted != nullptr);
  for (const auto& [name, value] : config)
    REQUIRE(rd_kafka_NewTopic_set_config(wanted.get(), name.c_str(), value.c_str()) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  // A topic that was just removed may linger for a moment.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
  while (error == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS &&
         std::chrono::steady_clock::now() < deadline) {
    std::array<rd_kafka_NewTopic_t*, 1> topics{wanted.get()};
    rd_kafka_CreateTopics(client_.get(), topics.data(), topics.size(), nullptr, queue_.get());
    error = answer();
  }
  must_succeed(error);
}

void KafkaAdmin::remove(const std::string& topic) {
  const std::unique_ptr<rd_kafka_DeleteTopic_t, Destroy<rd_kafka_DeleteTopic_destroy>> unwanted(
      rd_kafka_DeleteTopic_new(topic.c_str()));
  std::array<rd_kafka_DeleteTopic_t*, 1> topics{unwanted.get()};
  rd_kafka_DeleteTopics(client_.get(), topics.data(), topics.size(), nullptr, queue_.get());
  must_succeed(answer());
}

void KafkaAdmin::configure(const std::string& topic, const TopicConfig& config) {
  const ConfigResourceHandle wanted(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  for (const auto& [name, value] : config)
    REQUIRE(rd_kafka_ConfigResource_set_config(wanted.get(), name.c_str(), value.c_str()) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  std::array<rd_kafka_ConfigResource_t*, 1> resources{wanted.get()};
  rd_kafka_AlterConfigs(client_.get(), resources.data(), resources.size(), nullptr, queue_.get());
  must_succeed(answer());
}

// A topic without a rule is everybody's; with one, what no rule allows is forbidden.
void KafkaAdmin::let_gateway(const std::string& topic, Gateway right) {
  using Rule = std::unique_ptr<rd_kafka_AclBinding_t, Destroy<rd_kafka_AclBinding_destroy>>;
  std::array<char, 512> why{};
  const Rule all_rules(rd_kafka_AclBindingFilter_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, nullptr, nullptr,
      RD_KAFKA_ACL_OPERATION_ANY, RD_KAFKA_ACL_PERMISSION_TYPE_ANY, why.data(), why.size()));
  REQUIRE_MESSAGE(all_rules != nullptr, why.data());
  std::array<rd_kafka_AclBinding_t*, 1> rules{all_rules.get()};
  rd_kafka_DeleteAcls(client_.get(), rules.data(), rules.size(), nullptr, queue_.get());
  must_succeed(answer());
  if (right == Gateway::does_all) return;
  const Rule rule(rd_kafka_AclBinding_new(
      RD_KAFKA_RESOURCE_TOPIC, topic.c_str(), RD_KAFKA_RESOURCE_PATTERN_LITERAL, "User:gateway",
      "*", RD_KAFKA_ACL_OPERATION_WRITE,
      right == Gateway::only_writes ? RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW
                                    : RD_KAFKA_ACL_PERMISSION_TYPE_DENY,
      why.data(), why.size()));
  REQUIRE_MESSAGE(rule != nullptr, why.data());
  rules = {rule.get()};
  rd_kafka_CreateAcls(client_.get(), rules.data(), rules.size(), nullptr, queue_.get());
  must_succeed(answer());
}

}  // namespace rebuf::test
