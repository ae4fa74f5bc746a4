// A route: one path of messages from requests to a sink, with its log. Public face for the ingest
// server (offer), the admin server (snapshot, readiness) and main (open, stop). Any thread may call
// anything; one mutex inside.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"
#include "daemon/metrics_store.h"
#include "daemon/request.h"
#include "daemon/route_control.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

enum class RouteState : std::uint8_t { direct, buffering, draining, paused, full, failed };
[[nodiscard]] std::string_view to_string(RouteState state) noexcept;
inline constexpr std::array<RouteState, 6> all_route_states{
    RouteState::direct, RouteState::buffering, RouteState::draining,
    RouteState::paused, RouteState::full,      RouteState::failed};

// Why messages were dropped; label `reason` of rebufd_messages_dropped_total.
enum class DropReason : std::uint8_t { full, expired, damaged, operator_, policy, unanswered };
inline constexpr std::size_t drop_reasons = 6;
[[nodiscard]] std::string_view to_string(DropReason reason) noexcept;
inline constexpr std::size_t refusals = 5;  // values of sinks::Refusal

// Counts since the process began. Per route and at any moment:
// accepted + recovered = delivered + rejected + dropped + dead_lettered + backlog + in_flight.
struct Totals {
  std::uint64_t accepted = 0;
  std::uint64_t recovered = 0;  // found in the log at start, or out of the dead letters
  std::uint64_t recovered_dead_letters = 0;  // these of them
  std::uint64_t delivered_direct = 0;
  std::uint64_t delivered_replay = 0;
  std::array<std::uint64_t, refusals> rejected{};       // by sinks::Refusal
  std::array<std::uint64_t, drop_reasons> dropped{};    // by DropReason
  std::array<std::uint64_t, refusals> dead_lettered{};  // by sinks::Refusal
  std::uint64_t accepted_bytes = 0;                     // of values
  std::array<std::uint64_t, 4> answered{};  // delivered, buffered, refused, unknown: messages
  std::uint64_t delivered() const { return delivered_direct + delivered_replay; }
};

// Everything about a route at one moment, taken under its lock.
struct RouteSnapshot {
  std::string name;
  std::string sink;
  RouteState state = RouteState::buffering;
  std::chrono::system_clock::time_point since;  // of the state
  std::string state_reason;                     // "the sink does not answer: …"; may be empty
  std::uint64_t backlog_messages = 0;           // in the log and not done
  std::uint64_t backlog_bytes = 0;
  std::uint64_t backlog_segments = 0;
  std::uint64_t capacity_bytes = 0;
  std::optional<double> oldest_age_seconds;  // arrival of the oldest in the backlog
  std::uint64_t in_flight = 0;               // accepted, neither done nor in the log
  double accept_rate = 0;                    // messages a second, over the last 10 s or so
  double deliver_rate = 0;
  std::optional<double> eta_seconds;  // while draining, when it shrinks
  bool sink_up = false;
  std::string last_error;
  std::uint64_t dead_letter_messages = 0;  // that stand in the dead-letter log
  std::uint64_t log_damaged_bytes = 0;
  std::optional<std::chrono::system_clock::time_point> last_delivery;
  Totals totals;    // since the process began
  Totals lifetime;  // over restarts
  bool lifetime_exact = true;
};

struct Readiness {
  bool ready = false;
  std::string reason;  // when not
};

class Route {
 public:
  virtual ~Route() = default;
  Route() = default;
  Route(const Route&) = delete;
  Route& operator=(const Route&) = delete;

  [[nodiscard]] virtual const config::RouteConfig& config() const = 0;
  // Takes the request whole or refuses it whole; ends in exactly one Request::on_answer.
  virtual void offer(std::shared_ptr<Request> request) = 0;
  // Each of them, in this order.
  virtual void offer_all(std::span<const std::shared_ptr<Request>> requests) {
    for (const std::shared_ptr<Request>& request : requests) offer(request);
  }
  [[nodiscard]] virtual RouteSnapshot snapshot() const = 0;
  [[nodiscard]] virtual Readiness readiness() const = 0;
  [[nodiscard]] virtual const RouteHistograms& histograms() const = 0;
  // For an operator; every route of the daemon has one.
  [[nodiscard]] virtual RouteControl* control() { return nullptr; }
  // False when the route should be moving and has not for longer than its own limits; the watchdog
  // is not fed then.
  [[nodiscard]] virtual bool making_progress() const = 0;
};

}  // namespace rebuf::daemon
