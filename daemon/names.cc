// The stable words that clients, dashboards and logs see.
#include "daemon/request.h"
#include "daemon/route.h"

namespace rebuf::daemon {

std::string_view to_string(AnswerCode code) noexcept {
  switch (code) {
    case AnswerCode::ok:
      return "ok";
    case AnswerCode::buffer_full:
      return "buffer_full";
    case AnswerCode::memory_full:
      return "memory_full";
    case AnswerCode::stopping:
      return "stopping";
    case AnswerCode::sink_down:
      return "sink_down";
    case AnswerCode::log_failed:
      return "log_failed";
    case AnswerCode::outcome_unknown:
      return "outcome_unknown";
    case AnswerCode::never_fits:
    case AnswerCode::too_large:
      return "too_large";
    case AnswerCode::unknown_topic:
      return "unknown_topic";
    case AnswerCode::invalid:
      return "invalid";
    case AnswerCode::auth:
      return "auth";
    case AnswerCode::key_reused:
      return "key_reused";
  }
  return "unknown";
}

std::string_view to_string(RouteState state) noexcept {
  switch (state) {
    case RouteState::direct:
      return "direct";
    case RouteState::buffering:
      return "buffering";
    case RouteState::draining:
      return "draining";
    case RouteState::paused:
      return "paused";
    case RouteState::full:
      return "full";
    case RouteState::failed:
      return "failed";
  }
  return "unknown";
}

std::string_view to_string(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::full:
      return "full";
    case DropReason::expired:
      return "expired";
    case DropReason::damaged:
      return "damaged";
    case DropReason::operator_:
      return "operator";
    case DropReason::policy:
      return "policy";
    case DropReason::unanswered:
      return "unanswered";
  }
  return "unknown";
}

}  // namespace rebuf::daemon
