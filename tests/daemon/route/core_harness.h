// One Core with a sink, a log and a clock that the test moves by hand. What the core asked for is
// recorded; nothing happens by itself.
#pragma once

#include <deque>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "daemon/route/core.h"

namespace rebuf::daemon {

// A client that waits for its answer.
class Client final : public Request {
 public:
  using Request::Request;
  void on_answer(Answer&& given) noexcept override { answer = std::move(given); }
  std::optional<Answer> answer;
};

class CoreHarness final : private Effects {
 public:
  // drain.jitter 0, spill_after 1 s, a window of 100 messages and 64 KiB, a buffer of 1 MiB.
  static config::RouteConfig route();
  explicit CoreHarness(config::RouteConfig route = CoreHarness::route(), Recovered found = {},
                       CoreSettings rest = {});

  // --- clients ---
  std::shared_ptr<Client> offer(std::size_t messages = 1, std::size_t value_bytes = 10,
                                std::chrono::milliseconds deadline = std::chrono::seconds(30));

  // --- the sink ---
  void probe_says(bool up);
  void sink_says(bool up);
  void deliver(std::size_t count = 1000);  // acknowledges the oldest that it holds
  void deliver_nth(std::size_t nth);
  void refuse(std::size_t count = 1, sinks::Refusal refusal = sinks::Refusal::too_large);
  void refuse_nth(std::size_t nth, sinks::Refusal refusal = sinks::Refusal::too_large);
  void give_back(bool maybe_delivered = false);  // all that it holds, and reopens
  // --- the log ---
  void commit(std::size_t groups = 1000);
  void fail(Code code, std::size_t groups = 1000);  // the first with it, the rest cancelled
  // The entries that stand at and behind a position, as one block that ends the log.
  Block read(Position from) const;

  void wait(std::chrono::milliseconds time);
  // Direct, with a healthy sink.
  void go_direct();
  // What the worker would do next; monostate when nothing.
  Work work() { return core.next_work(now); }
  // Does reads, probes and housekeeping until nothing is left.
  void do_work();

  [[nodiscard]] RouteState state() const { return core.state(); }
  [[nodiscard]] bool conserved() const;
  [[nodiscard]] std::uint64_t dropped(DropReason reason) const {
    return core.totals().dropped[static_cast<std::size_t>(reason)];
  }

  struct Held {
    sinks::Token token;
    std::string value;
    bool replayed;
  };
  std::deque<Held> held;               // by the sink
  std::vector<std::string> submitted;  // all values ever, in order
  struct Group {
    std::uint64_t tag;
    std::vector<Bytes> entries;
  };
  std::deque<Group> queued;      // appends that have not ended
  std::vector<EntryRef> stored;  // in the log
  std::vector<std::string> stored_values;
  std::size_t appends = 0;
  std::size_t resumed = 0;
  bool sink_closed = false;
  std::uint64_t log_bytes = 0;
  bool disk_low = false;
  std::chrono::milliseconds wall_offset{std::chrono::hours(500'000)};
  [[nodiscard]] std::int64_t wall_ms() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch() +
                                                                 wall_offset)
        .count();
  }
  Clock::time_point now{std::chrono::hours(1)};
  Core core;

 private:
  std::size_t submit(std::span<const sinks::OutMessage> messages) override;
  Status append(std::span<const Bytes> group, std::uint64_t tag) override;
  void resume_appends() override { ++resumed; }
  std::uint64_t disk_room() override {
    return disk_low ? 0 : std::numeric_limits<std::uint64_t>::max();
  }
  void answer(std::shared_ptr<Request> request, Answer answer) override {
    request->on_answer(std::move(answer));
  }
  std::uint64_t random(std::uint64_t /*bound*/) override { return 0; }
  void begin_ids(const Request& /*request*/) override {}
  sinks::MessageId next_id() override;
  void report(std::size_t nth, const sinks::Report& report);

  std::uint64_t ids_ = 0;
  std::uint64_t values_ = 0;
  std::vector<std::shared_ptr<const std::vector<std::byte>>> disk_;
};

}  // namespace rebuf::daemon
