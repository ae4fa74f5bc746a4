// librdkafka's mock broker, for tests of what librdkafka does with it.
#pragma once

#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <string>
#include <utility>

#include "sinks/kafka/client.h"
// Needs what client.h includes.
#include <librdkafka/rdkafka_mock.h>

namespace rebuf::sinks::test {

// librdkafka's mock broker in this process, with one topic. It does not look at
// sequence numbers, as a partition without history.
class MockBroker {
 public:
  MockBroker(const std::string& topic, int partitions) {
    kafka::ConfHandle conf(rd_kafka_conf_new());
    std::array<char, 512> why{};
    REQUIRE(rd_kafka_conf_set(conf.get(), "test.mock.num.brokers", "1", why.data(), why.size()) ==
            RD_KAFKA_CONF_OK);
    owner_.reset(rd_kafka_new(RD_KAFKA_PRODUCER, conf.get(), why.data(), why.size()));
    REQUIRE_MESSAGE(owner_ != nullptr, why.data());
    (void)conf.release();  // the client owns it now
    cluster_ = rd_kafka_handle_mock_cluster(owner_.get());
    REQUIRE(rd_kafka_mock_topic_create(cluster_, topic.c_str(), partitions, 1) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  [[nodiscard]] std::string bootstrap() const { return rd_kafka_mock_cluster_bootstraps(cluster_); }
  void answer_after(std::chrono::milliseconds delay) {
    REQUIRE(rd_kafka_mock_broker_set_rtt(cluster_, broker_id, static_cast<int>(delay.count())) ==
            RD_KAFKA_RESP_ERR_NO_ERROR);
  }
  void refuse_next(rd_kafka_resp_err_t error) {
    rd_kafka_mock_push_request_errors(cluster_, produce_request, 1, error);
  }

 private:
  static constexpr std::int16_t produce_request = 0;
  static constexpr int broker_id = 1;
  kafka::ClientHandle owner_;
  rd_kafka_mock_cluster_t* cluster_ = nullptr;
};

class NoCallbacks final : public kafka::ClientCallbacks {
  void client_log(LogLevel /*level*/, const char* /*text*/) override {}
  void client_throttled(std::chrono::milliseconds /*pause*/) override {}
  void client_answered(std::int32_t /*broker*/, std::chrono::microseconds /*after*/) override {}
};

}  // namespace rebuf::sinks::test
