// One producer of the Kafka sink, its topics, its channels, and the one thread that takes
// librdkafka's events and calls the listeners.
//
// Owned by the sink (producers.h). The poller thread owns everything that is not marked otherwise.
#pragma once

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sinks/kafka/channel.h"
#include "sinks/kafka/client.h"
#include "sinks/kafka/distance.h"
#include "sinks/kafka/embedded.h"
#include "sinks/kafka/outage.h"
#include "sinks/kafka/renewal.h"
#include "sinks/kafka/topics.h"
#include "sinks/kafka/turns.h"

namespace rebuf::sinks::kafka {

// The largest batch so that a topic with this limit takes it.
[[nodiscard]] constexpr std::size_t batch_bytes_for(std::size_t limit_bytes) {
  return limit_bytes / 10 * 9;
}

class Poller final : private ChannelHost, private ClientCallbacks {
 public:
  // `embedded`: the cluster when it is that one, else null; it outlives the poller. `brokers`: the
  // cluster's addresses.
  Poller(const KafkaSettings& settings, EmbeddedCluster* embedded, std::string brokers, Logger log,
         DeliveryObserver observer);
  ~Poller() override;

  // Makes the first producer and starts the thread. The error; empty: done. Once.
  [[nodiscard]] std::string start();

  // Any thread, each:
  [[nodiscard]] std::unique_ptr<Channel> attach(ChannelOptions options, ChannelListener& listener);
  [[nodiscard]] std::size_t channels() const;
  [[nodiscard]] SinkStats stats() const;

 private:
  // ChannelHost: any thread
  void wake() override;
  rd_kafka_t* producer() override { return client_.rk.get(); }
  void hurry() override { client_.linger->hurry(); }
  Topics& topics() override { return topics_; }
  std::int32_t partition_of(const OutMessage& message, std::int32_t partitions) const override;
  bool in_turns() const override { return far_; }
  // ClientCallbacks
  void client_log(LogLevel level, const char* text) override;
  void client_throttled(std::chrono::milliseconds pause) override;
  void client_answered(std::int32_t broker, std::chrono::microseconds round_trip) override;

  // poller.cc: the loop
  void run();
  [[nodiscard]] bool ending();
  void take_new_channels();
  void serve_channels();
  [[nodiscard]] bool feed(KafkaChannel& channel, bool news, Time now);
  void serve_stop(KafkaChannel& channel, Time stop_by);
  void collect();
  void handle(EventHandle event);
  void deliver();

  // poller_reports.cc: what became of messages
  void delivery_reports(rd_kafka_event_t* event);
  void failed(const rd_kafka_message_t& message, bool only_one_to_blame, Time now);

  // poller_health.cc: what the listeners hear of the brokers
  void broker_error(rd_kafka_event_t* event);
  void topic_answered(rd_kafka_event_t* event);
  void start_probe(KafkaChannel& channel);
  void answer_probe(KafkaChannel& channel, rd_kafka_resp_err_t error);
  void own_topic_fails(KafkaChannel& channel, std::string_view error_class,
                       const std::string& reason);
  void set_up();
  void set_down(std::string_view reason, std::string_view error_class);
  void remember_error(std::string_view text);
  void say(LogLevel level, std::string_view text) const;  // any thread

  // poller_rebuild.cc: another producer
  enum class Cause : std::uint8_t { failure, wish };
  void want_rebuild(Cause cause, std::string reason);
  void rebuild();
  void empty_producer();
  void collect_until(std::chrono::milliseconds limit);
  void drop_client();
  [[nodiscard]] std::string make_producer();  // the error; empty: made
  [[nodiscard]] bool remake_client();
  void reopen_when_due();
  void renew();
  void begin_to_renew(std::string_view reason);
  [[nodiscard]] bool goes_at_once();
  [[nodiscard]] std::string_view reason_to_renew();
  [[nodiscard]] bool there_are_descriptors();
  [[nodiscard]] bool turns_out_far();
  [[nodiscard]] std::size_t in_producer() const;

  const KafkaSettings settings_;
  const Logger log_;
  const DeliveryObserver observer_;
  EmbeddedCluster* const embedded_;
  const std::string brokers_;

  mutable std::mutex mutex_;
  std::condition_variable woken_;
  // Guarded by mutex_:
  bool ending_ = false;
  bool wake_ = false;
  rd_kafka_queue_t* wake_queue_ = nullptr;  // of client_, while there is one
  std::vector<KafkaChannel*> attached_;
  bool up_ = false;
  std::string last_error_;

  Topics topics_;  // itself safe for any thread
  Client client_;  // changed only while every channel is closed or paused
  std::size_t batch_bytes_;
  Distance distance_;             // itself safe for any thread
  std::atomic<bool> far_{false};  // client_ is for a long way; changed when client_ is
  // librdkafka 2.0.2 keeps for ever what it had for such a partition, when the refusal of a request
  // that was under way comes after the news. Any thread sets it.
  std::atomic<bool> partitions_went_{false};
  bool used_ = false;  // client_ has had a message
  bool news_ = false;  // something that waits may go now
  Turns turns_;
  std::vector<KafkaChannel*> channels_;
  Outage outage_;
  const Topic* asked_in_doubt_ =
      nullptr;  // whether the brokers work; the next answer about it tells
  Time next_question_{};
  Time next_stop_{};
  bool rebuild_wanted_ = false;
  std::string rebuild_reason_;
  Renewal renewal_;
  // One was refused since the producer was made. librdkafka 2.0.2 does not notice when it gets none
  // for waking a broker's thread, which then sends once a second, for good.
  bool descriptors_were_short_ = false;
  Time descriptors_looked_at_{};
  int rebuilds_without_delivery_ = 0;
  std::optional<Time> reopen_at_;  // the channels are closed until then

  std::thread thread_;
};

}  // namespace rebuf::sinks::kafka
