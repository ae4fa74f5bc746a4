// A LiveRoute on the real log in a directory of the test's own, with clients that wait.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "daemon/route/live_route.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon {

// For a machine that is busy with other things; only a broken route takes as long.
inline constexpr std::chrono::seconds patience{100};

// Waits for a condition.
template <class Condition>
[[nodiscard]] bool eventually(Condition&& condition) {
  const auto deadline = Clock::now() + patience;
  while (!condition()) {
    if (Clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(1));  // between looks, not to wait
  }
  return true;
}

class WaitingClient final : public Request {
 public:
  using Request::Request;
  void on_answer(Answer&& answer) noexcept override {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
    answered_.notify_all();
  }
  [[nodiscard]] bool is_answered() const {
    const std::lock_guard lock(mutex_);
    return answer_.has_value();
  }
  Answer answer() {
    std::unique_lock lock(mutex_);
    REQUIRE(answered_.wait_for(lock, patience, [this] { return !!answer_; }));
    return *answer_;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable answered_;
  std::optional<Answer> answer_;
};

inline std::shared_ptr<WaitingClient> make_client(const std::vector<std::string>& values) {
  Batch batch;
  for (const std::string& value : values) {
    Envelope envelope;
    envelope.topic = "topic";
    envelope.value = value;
    envelope.arrival_ms = 1;
    batch.add(envelope);
  }
  return std::make_shared<WaitingClient>(std::move(batch), Clock::now() + patience);
}

inline std::shared_ptr<WaitingClient> offer(Route& route, const std::vector<std::string>& values) {
  auto client = make_client(values);
  route.offer(client);
  return client;
}

// A sink fails when the test lets it say so, and not because its thread waits for a processor.
inline LiveRouteSettings live_settings(const test::TemporaryDirectory& directory) {
  LiveRouteSettings settings;
  settings.data_dir = directory.path();
  settings.machine_id = "machine";
  settings.route.name = "route";
  settings.route.sink = "sink";
  settings.route.topic = "topic";
  settings.route.drain_jitter = std::chrono::milliseconds(0);
  settings.route.spill_after = patience;
  settings.route.buffer.segment_size = 64 << 10;
  settings.route.window_max_bytes = 256 << 10;
  settings.route.buffer.max_bytes = 64 << 20;
  return settings;
}

inline std::unique_ptr<LiveRoute> open_route(LiveRouteSettings settings) {
  auto route = LiveRoute::open(std::move(settings));
  REQUIRE_MESSAGE(route.ok(), route.status().message());
  return std::move(*route);
}

inline bool conserved(const RouteSnapshot& snapshot) {
  const auto sum = [](const auto& counters) {
    return std::accumulate(counters.begin(), counters.end(), std::uint64_t{0});
  };
  const auto adds_up = [&](const Totals& totals) {
    return totals.accepted + totals.recovered ==
           totals.delivered() + sum(totals.rejected) + sum(totals.dropped) +
               sum(totals.dead_lettered) + snapshot.backlog_messages + snapshot.in_flight;
  };
  return adds_up(snapshot.totals) && adds_up(snapshot.lifetime);
}

inline bool in_state(const LiveRoute& route, RouteState state) {
  return eventually([&] { return route.snapshot().state == state; });
}

}  // namespace rebuf::daemon
