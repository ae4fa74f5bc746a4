#include "daemon/failed_route.h"

#include <utility>

namespace rebuf::daemon {
namespace {

constexpr std::uint32_t retry_after_s = 30;

}  // namespace

FailedRoute::FailedRoute(config::RouteConfig route, std::string reason)
    : config_(std::move(route)), reason_("the log cannot be opened: " + std::move(reason)) {}

void FailedRoute::offer(std::shared_ptr<Request> request) {
  Answer answer;
  answer.code = AnswerCode::log_failed;
  answer.detail = reason_;
  answer.retry_after_s = retry_after_s;
  request->on_answer(std::move(answer));
}

RouteSnapshot FailedRoute::snapshot() const {
  RouteSnapshot snapshot;
  snapshot.name = config_.name;
  snapshot.sink = config_.sink;
  snapshot.state = RouteState::failed;
  snapshot.since = since_;
  snapshot.state_reason = reason_;
  snapshot.last_error = reason_;
  snapshot.capacity_bytes = config_.buffer.max_bytes;
  snapshot.lifetime_exact = false;  // what the log knows of it cannot be read
  return snapshot;
}

}  // namespace rebuf::daemon
