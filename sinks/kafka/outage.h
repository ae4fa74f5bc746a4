// What the sink believes about its brokers, from what librdkafka says. No I/O, no clock of its own.
// The poller's.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sinks/kafka/errors.h"
#include "sinks/kafka/topics.h"

namespace rebuf::sinks::kafka {

class Outage {
 public:
  // An error of the connections; kept as the reason for what follows.
  void error(rd_kafka_resp_err_t code, std::string_view text, Time now) {
    if (code == RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN) {
      if (!all_down_since_) all_down_since_ = now;
      if (now - cause_at_ < cause_holds_for) return;  // the cause says more
    }
    cause_ = text;
    class_ = error_class(code);
    cause_at_ = now;
  }
  // Slow by agreement: brokers that fall silent during a throttle, or just after, are not down.
  void throttled(std::chrono::milliseconds pause, Time now) {
    believe_from_ = now + pause + throttle_margin;
  }
  // Something was answered. True: only just it was said that all brokers are down, which is said
  // once per outage. The answer may be the older news of the two: librdkafka's threads do not wait
  // for each other.
  [[nodiscard]] bool works(Time now) {
    const bool doubtful = all_down_since_ && now - *all_down_since_ < overtaken_within;
    all_down_since_.reset();
    down_ = false;
    return doubtful;
  }
  // Whether the brokers are down, by what was said until now; true once per outage.
  [[nodiscard]] bool begins(Time now) {
    if (down_ || !all_down_since_ || now < believe_from_) return false;
    down_ = true;
    return true;
  }
  // When begins() has to be asked again.
  [[nodiscard]] Time next() const {
    return all_down_since_ && !down_ ? believe_from_ : Time::max();
  }
  // For a person, and Health::error_class. Of an old cause nothing is said.
  [[nodiscard]] std::string_view reason(Time now) const {
    return recent(now) ? std::string_view(cause_) : "the brokers do not answer";
  }
  [[nodiscard]] std::string_view reason_class(Time now) const {
    return recent(now) ? class_ : "timeout";
  }

 private:
  static constexpr std::chrono::seconds cause_holds_for{10};
  static constexpr std::chrono::seconds throttle_margin{1};
  static constexpr std::chrono::seconds overtaken_within{1};
  [[nodiscard]] bool recent(Time now) const {
    return !cause_.empty() && now - cause_at_ < cause_holds_for;
  }

  bool down_ = false;
  std::optional<Time> all_down_since_;
  Time believe_from_{};
  Time cause_at_{};
  std::string cause_;
  std::string_view class_ = "connect";
};

}  // namespace rebuf::sinks::kafka
