// A sink with one channel and a thread of its own, whose behaviour a test changes at any time.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sinks/sink.h"

namespace rebuf::daemon {

class FakeSink final : public sinks::Sink {
 public:
  FakeSink() = default;
  ~FakeSink() override = default;

  std::unique_ptr<sinks::Channel> attach(sinks::ChannelOptions options,
                                         sinks::ChannelListener& listener) override;
  sinks::SinkStats stats() const override { return {}; }
  bool keeps_runs_together() const override { return keeps_runs; }

  // Works, or holds what it gets without a word; probes are answered accordingly.
  void work(bool works);
  // Says by itself that it is up or down.
  void say(bool up);
  void give_back();  // everything, and goes on
  // Takes no more once it has so many; until work() is called.
  void stop_after(std::size_t count);
  // Values that contain this are refused as too large; empty: none.
  void refuse(std::string part);

  bool keeps_runs = false;  // set before it is used

  // What it took, in order.
  [[nodiscard]] std::vector<std::string> taken() const;
  [[nodiscard]] std::size_t taken_count() const;
  [[nodiscard]] std::size_t replayed_count() const;
  [[nodiscard]] std::size_t patient_count() const;
  [[nodiscard]] std::size_t letter_headers() const;  // rebuf-dead-letter, on what it took

 private:
  class Channel;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  // Guarded by mutex_:
  bool works_ = true;
  std::size_t stop_after_ = SIZE_MAX;
  bool give_back_ = false;
  std::vector<bool> to_say_;
  std::string refused_;
  std::vector<std::string> taken_;
  std::size_t replayed_ = 0;
  std::size_t patient_ = 0;
  std::size_t letters_ = 0;
};

}  // namespace rebuf::daemon
