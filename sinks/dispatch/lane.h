// One channel's messages on their way, in order: first the batches that were tried and are to be
// tried again as they are, then the messages that wait. And what its listener has yet to hear.
//
// Owned by the channel; everything in it is guarded by the dispatcher's mutex, but for the
// listener, which the sink's threads call without it.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sinks/dispatch/gate.h"
#include "sinks/dispatch/transport.h"
#include "sinks/sink.h"

namespace rebuf::sinks::dispatch {

struct Batch {
  std::vector<OutMessage> messages;
  Time submitted{};              // the oldest
  bool maybe_delivered = false;  // an earlier attempt ended without an answer
};

struct BatchLimits {
  std::size_t max_messages = 500;
  std::size_t max_bytes = 1U << 20;  // of values, a byte added to each; a larger message goes alone
};

// A call to the listener that is due. Its views point into itself.
struct Event {
  enum class Kind : std::uint8_t { reports, health, reopened };
  Kind kind = Kind::reports;
  std::vector<Report> reports{};
  Health health{};
  std::string detail{};       // of every report; or the reason of the health
  std::string error_class{};  // of the health
};

class Lane {
 public:
  Lane(ChannelOptions options, ChannelListener& listener)
      : options_(std::move(options)), listener_(listener) {}

  // --- messages ---
  void add(std::span<const OutMessage> messages, Time now);
  [[nodiscard]] bool has_work() const { return !retry_.empty() || !waiting_.empty(); }
  // The next batch; there is work.
  [[nodiscard]] Batch take(const BatchLimits& limits);
  // Puts a batch back as the next one: to be tried again as it is.
  void put_back(Batch batch) { retry_.push_front(std::move(batch)); }
  // Cuts the messages from `count` on off the batch, and puts them back behind it, not tried.
  void put_back_rest(Batch& batch, std::size_t count);
  // Puts both halves of a batch of several back.
  void halve(Batch batch);

  // --- what the listener hears ---
  void report(const Batch& batch, Outcome outcome, Refusal refusal = Refusal::none,
              std::string detail = {});
  // Reports everything as given back; nothing is being tried.
  void give_back();
  void tell(Health health, std::string reason = {}, std::string error_class = {});
  void tell_reopened() { outbox_.push_back({.kind = Event::Kind::reopened}); }
  [[nodiscard]] bool must_tell() const { return !outbox_.empty() && !telling; }
  [[nodiscard]] bool told_all() const { return outbox_.empty() && !telling; }
  [[nodiscard]] std::vector<Event> take_events() { return std::exchange(outbox_, {}); }
  // Without the mutex, by the one thread that has set `telling`.
  void call_listener(std::vector<Event>& events);

  [[nodiscard]] std::size_t held() const { return held_; }
  [[nodiscard]] std::size_t held_bytes() const { return held_bytes_; }
  [[nodiscard]] const std::string& route() const { return options_.route; }

  // --- the dispatcher's notes ---
  bool open = true;      // submit takes messages
  bool let_go = false;   // stop() may return
  bool closing = false;  // no attempt begins any more: everything is to be given back
  bool telling = false;  // a thread is calling the listener
  Time give_back_by{};   // while closing: attempts under way end by then
  std::optional<Time> stop_by;
  std::size_t attempts = 0;  // under way
  Gate gate;                 // for failures that are its messages' own
  bool probe_wanted = false;
  bool probing = false;
  enum class Told : std::uint8_t { nothing, up, down } told = Told::nothing;

 private:
  struct Waiting {
    OutMessage message;
    Time submitted;
  };
  const ChannelOptions options_;
  ChannelListener& listener_;
  std::deque<Batch> retry_;
  std::deque<Waiting> waiting_;
  std::size_t held_ = 0;
  std::size_t held_bytes_ = 0;
  std::vector<Event> outbox_;
};

}  // namespace rebuf::sinks::dispatch
