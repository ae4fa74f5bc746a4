// Where messages go. A Sink is one downstream with its threads and connections, shared by routes; a
// Channel is one route's ordered way into it.
//
// The promise that the route's order rests on: a sink acknowledges, finally refuses, or gives back
// everything that it holds. It never gives back one message of a channel and keeps or delivers
// later ones of it. What is not reported is still held: a sink keeps trying by itself, in order,
// for as long as it takes, and says through `on_health` that it is in trouble.
//
// A give-back: the channel closes (submit takes nothing), every message it holds is reported
// (delivered ones as such, the rest given_back), then on_reopened() is called, and only then does
// submit take messages again.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sinks/message.h"

namespace rebuf::sinks {

enum class Outcome : std::uint8_t {
  delivered,   // acknowledged (Kafka: acks=all; HTTP: 2xx; file: fdatasync returned)
  refused,     // final, and about this message, not about the sink; later ones go on
  given_back,  // not delivered as far as known; may be submitted again
};

// Why a message was refused; the classes of the route's `on_error`.
enum class Refusal : std::uint8_t { none, too_large, unknown_topic, invalid, auth };
[[nodiscard]] std::string_view to_string(Refusal refusal) noexcept;  // "too_large", …

struct Report {
  Token token = 0;
  Outcome outcome = Outcome::delivered;
  Refusal refusal = Refusal::none;  // for refused
  bool maybe_delivered =
      false;  // for given_back: the sink may have taken it without being able to say so
  std::int32_t partition = -1;  // Kafka, delivered
  std::int64_t offset = -1;     // Kafka, delivered
  std::string_view detail;      // for a person; valid during the call only
};

struct Health {
  bool up = false;               // probed or seen to work; false: known to be down
  bool from_probe = false;       // the answer to a probe(); otherwise the sink's own observation
  std::string_view reason;       // for a person, when down; valid during the call only
  std::string_view error_class;  // label of rebufd_sink_errors_total when down: "connect",
                                 // "timeout", "auth", "topic", "http_503", …
  std::chrono::milliseconds throttled_for{
      0};  // the sink asked for a pause (Kafka throttle, Retry-After): slow by agreement
};

// What a route hears. Called on the sink's threads, one call at a time per channel, never from
// within submit() and never with a lock of the sink's held. Must not block.
class ChannelListener {
 public:
  virtual ~ChannelListener() = default;
  virtual void on_reports(std::span<const Report> reports) = 0;  // any order; several at a time
  virtual void on_health(const Health& health) = 0;
  virtual void on_reopened() = 0;
};

struct ChannelOptions {
  std::string route;  // for log lines
  std::string
      topic;  // the route's own topic: that it is missing is about the sink, not about a message
  std::size_t max_messages = 10000;  // the route's window: never more than this is held
  std::size_t max_bytes = 4U << 20;
};

class Channel {
 public:
  virtual ~Channel() = default;  // after stop(); the listener is not called any more
  Channel() = default;
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  // Takes a prefix of `messages`, in order, and returns its length: fewer than given only while the
  // channel is closed for a give-back (or stopped). The views must stay valid until each is
  // reported. Does not block. One caller at a time.
  [[nodiscard]] virtual std::size_t submit(std::span<const OutMessage> messages) = 0;
  // Asks whether the sink would work now; the answer comes as on_health with from_probe. At most
  // one at a time is answered.
  virtual void probe() = 0;
  // Everything that is held is given back (see above), as after a fatal error.
  virtual void recall() = 0;
  // Lets what is held finish until the deadline, then reports the rest as given_back; no
  // on_reopened. Blocks. The listener is not called after it returned.
  virtual void stop(std::chrono::steady_clock::time_point deadline) = 0;
};

// For rebufd's metrics and status.
struct SinkStats {
  bool up = false;
  std::string last_error;  // empty: none yet
  std::uint64_t held_messages = 0;
  std::uint64_t held_bytes = 0;
};

class Sink {
 public:
  virtual ~Sink() = default;  // all channels are gone before
  Sink() = default;
  Sink(const Sink&) = delete;
  Sink& operator=(const Sink&) = delete;

  // The listener must outlive the channel. Does no network I/O.
  [[nodiscard]] virtual std::unique_ptr<Channel> attach(ChannelOptions options,
                                                        ChannelListener& listener) = 0;
  [[nodiscard]] virtual SinkStats stats() const = 0;
  // Whether it is worth having few runs of ids (message.h) in what is submitted together: those of
  // one run travel together.
  [[nodiscard]] virtual bool keeps_runs_together() const { return false; }
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };
// How a sink tells what a person should read. Any thread.
using Logger = std::function<void(LogLevel, std::string_view)>;

// Seconds from submit to acknowledgement, per delivered message or batch; for the histogram. Any
// sink thread.
using DeliveryObserver = std::function<void(double seconds, std::size_t messages)>;

}  // namespace rebuf::sinks
