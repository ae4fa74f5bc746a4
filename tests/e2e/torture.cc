#include "torture.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <array>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <random>
#include <set>
#include <thread>

#include "audit.h"
#include "check.h"
#include "daemon.h"
#include "device.h"
#include "endpoint.h"
#include "measurements.h"
#include "topic.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// More than a route delivers within the cursor's lag.
constexpr std::size_t lag = 1000;  // messages

// What differs from schedule to schedule, besides the faults.
struct Shape {
  explicit Shape(std::mt19937_64& random) {
    const auto one_of = [&](auto... choices) {
      const std::array list{choices...};
      return list.at(std::uniform_int_distribution<std::size_t>(0, list.size() - 1)(random));
    };
    ack = one_of("delivered_or_buffered", "delivered_or_buffered", "delivered_or_buffered",
                 "buffered", "delivered");
    window = one_of(100, 300, 1000);
    segment_kib = one_of(64, 256);
    buffer_mib = one_of(2, 256);
  }
  [[nodiscard]] std::string text() const {
    return std::string("ack: ") + ack + ", window: { max_messages: " + std::to_string(window) +
           ", max_bytes: 512KiB }, buffer: { segment_size: " + std::to_string(segment_kib) +
           "KiB, max_bytes: " + std::to_string(buffer_mib) + "MiB }";
  }

  const char* ack;
  int window;
  int segment_kib;
  int buffer_mib;
};

std::string route(const std::string& name, const std::string& topic, const Shape& shape) {
  return "  " + name + ": { sink: " + name + ", topic: " + topic +
         ", spill_after: 500ms, drain: { jitter: 50ms }, " + shape.text() + " }\n";
}

std::string configuration(const Endpoint& endpoint, const test::KafkaCluster* cluster,
                          const Topic* topic, const Shape& shape) {
  return "stop_timeout: 2s\n" + (cluster != nullptr ? kafka_sink(*cluster) : "sinks:\n") +
         "  hook: { type: http, url: \"http://127.0.0.1:" + std::to_string(endpoint.port()) +
         "/in\", timeout: 1s, retry: { min: 50ms, max: 500ms } }\nroutes:\n" +
         route("hook", "hook", shape) +
         (topic != nullptr ? route("kafka", topic->name(), shape) : "");
}

class Schedule {
 public:
  // Its faults go on for `duration`; healing and draining come on top.
  Schedule(std::uint64_t seed, milliseconds duration, test::KafkaCluster* cluster)
      : random_(seed), shape_(random_), duration_(duration), cluster_(cluster) {
    if (cluster_ != nullptr) topic_.emplace(*cluster_, 6);
    daemon_.emplace(scratch_.path(),
                    configuration(endpoint_, cluster_, topic_ ? &*topic_ : nullptr, shape_),
                    "  request_timeout: 4s\n");
    tell(shape_.text());
  }

  void run() {
    endpoint_.open();
    daemon_->start();
    Audit hook_audit(*daemon_, "hook");
    Audit kafka_audit(*daemon_, cluster_ != nullptr ? "kafka" : "hook");
    add_devices(hook_fleet_, "hook", true);
    if (cluster_ != nullptr) add_devices(kafka_fleet_, "kafka", false);
    const auto end = Clock::now() + duration_;
    while (Clock::now() < end) {
      fault();
      std::this_thread::sleep_for(milliseconds(between(0, 1500)));
    }
    heal();
    CHECK_MESSAGE(hook_audit.finish().empty(), hook_audit.finish());
    CHECK_MESSAGE(kafka_audit.finish().empty(), kafka_audit.finish());
    judge("hook", hook_fleet_, endpoint_.arrivals(),
          {.duplicates = deaths_ * most_unknown() + endpoint_.unanswered(), .sink_repeats = true});
    if (cluster_ != nullptr)
      judge("kafka", kafka_fleet_, topic_->arrivals(),
            {.duplicates = (deaths_ + stops_) * most_unknown()});
  }

 private:
  [[nodiscard]] int between(int low, int high) {
    return std::uniform_int_distribution<int>(low, high)(random_);
  }
  // Messages of which nobody knows whether they were delivered when rebufd ends.
  [[nodiscard]] std::size_t most_unknown() const {
    return static_cast<std::size_t>(shape_.window) + lag;
  }
  void tell(const std::string& what) {
    std::cerr << std::chrono::duration_cast<milliseconds>(Clock::now() - begin_).count()
              << " ms: " << what << '\n';
  }

  void add_devices(Fleet& fleet, const std::string& name, bool name_in_value) {
    constexpr std::size_t devices = 6;
    for (std::size_t device = 0; device < devices; ++device) {
      const std::size_t rows = device % 3 == 0 ? 1 : device % 3 == 1 ? 20 : 100;
      fleet.add({.port = daemon_->port(),
                 .path = "/ingest/" + name,
                 .rows_per_post = rows,
                 .pause = milliseconds(rows == 1 ? 1 : rows / 2),
                 .name_in_value = name_in_value,
                 .endless = true},
                share(measurements_.rows(), device, devices));
    }
    fleet.start();
  }

  void fault() {
    const int kinds = cluster_ != nullptr ? 10 : 6;
    switch (between(0, kinds - 1)) {
      case 0:
        return kill_daemon();
      case 1:
        return stop_daemon();
      case 2:
        return freeze_daemon();
      case 3:
      case 4:
        return change_endpoint();
      case 5:
        return close_or_open_endpoint();
      default:
        return change_broker(between(1, cluster_->nodes()));
    }
  }

  void kill_daemon() {
    tell("rebufd: SIGKILL");
    ++deaths_;
    daemon_->kill();
    std::this_thread::sleep_for(milliseconds(between(0, 300)));
    daemon_->start();
  }
  void stop_daemon() {
    tell("rebufd: SIGTERM");
    ++stops_;
    CHECK(daemon_->stop() == 0);
    daemon_->start();
  }
  void freeze_daemon() {
    const milliseconds time(between(50, 2500));
    tell("rebufd: SIGSTOP for " + std::to_string(time.count()) + " ms");
    daemon_->send(SIGSTOP);
    std::this_thread::sleep_for(time);
    daemon_->send(SIGCONT);
  }
  void change_endpoint() {
    const auto manner = static_cast<Manner>(between(0, 4));
    tell("endpoint: manner " + std::to_string(static_cast<int>(manner)));
    endpoint_.be(manner);
  }
  void close_or_open_endpoint() {
    tell(endpoint_open_ ? "endpoint: closes" : "endpoint: opens");
    if (endpoint_open_)
      endpoint_.close();
    else
      endpoint_.open();
    endpoint_open_ = !endpoint_open_;
  }
  // A broker that is in trouble gets well again, one that is well is killed or frozen.
  void change_broker(int node) {
    const bool was_well = broken_brokers_.erase(node) == 0;
    const std::string verb = !was_well ? "start" : between(0, 1) == 0 ? "kill" : "stop";
    tell("broker " + std::to_string(node) + ": " + verb);
    cluster_->run(verb, node);
    if (was_well) broken_brokers_.insert(node);
  }

  void heal() {
    tell("heal");
    endpoint_.be(Manner::takes);
    if (!endpoint_open_) endpoint_.open();
    for (const int node : broken_brokers_) cluster_->run("start", node);
    if (cluster_ != nullptr) cluster_->wait();
    (void)hook_fleet_.finish();
    (void)kafka_fleet_.finish();
    daemon_->wait_until_drained("hook");
    if (cluster_ != nullptr) daemon_->wait_until_drained("kafka");
    CHECK(daemon_->stop() == 0);
    tell("drained");
  }

  void judge(const std::string& name, Fleet& fleet, const std::vector<Arrival>& arrivals,
             Explained explained) {
    const Verdict verdict = check(fleet.finish(), arrivals, explained);
    CHECK_MESSAGE(verdict.violations.empty(), name, ": ", verdict.violations, daemon_->log_end());
    tell(name + ": " + std::to_string(verdict.acknowledged) + " rows acknowledged, " +
         std::to_string(verdict.replayed) + " from the log, " + std::to_string(verdict.duplicates) +
         " duplicates (" + std::to_string(explained.duplicates) + " explained)");
  }

  const Clock::time_point begin_ = Clock::now();
  std::mt19937_64 random_;
  const Shape shape_;
  const milliseconds duration_;
  test::KafkaCluster* const cluster_;
  const test::TemporaryDirectory scratch_;
  const Measurements measurements_{"weather.csv.gz"};
  std::optional<Topic> topic_;
  Endpoint endpoint_;
  bool endpoint_open_ = true;
  std::set<int> broken_brokers_;
  std::size_t deaths_ = 0;
  std::size_t stops_ = 0;
  std::optional<Daemon> daemon_;
  Fleet hook_fleet_;
  Fleet kafka_fleet_;
};

}  // namespace

void torture(std::uint64_t count, milliseconds duration, test::KafkaCluster* cluster) {
  const char* const chosen_seed = std::getenv("REBUF_TORTURE_SEED");
  const char* const minutes = std::getenv("REBUF_TORTURE_MINUTES");
  const bool is_long = chosen_seed != nullptr && minutes != nullptr;
  const std::uint64_t first = is_long ? std::stoull(chosen_seed) : 1;
  const auto end = Clock::now() + std::chrono::minutes(is_long ? std::stoi(minutes) : 0);
  for (std::uint64_t seed = first; is_long ? Clock::now() < end : seed < first + count; ++seed) {
    std::cerr << "seed " << seed << '\n';
    CAPTURE(seed);
    Schedule(seed, is_long ? seconds(20) : duration, cluster).run();
  }
}

}  // namespace rebuf::e2e
