#include "sinks/http/verdict.h"

#include <algorithm>
#include <charconv>
#include <ctime>

namespace rebuf::sinks::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::system_clock;

constexpr seconds longest_pause{3600};

bool delivered(int status) { return status >= 200 && status < 300; }

// A server that answers so may have done what it was asked for.
bool may_have_taken(int status) { return status >= 500 && status != 503; }

Refusal refusal_of(int status) {
  if (status == 413) return Refusal::too_large;
  if (status == 401 || status == 403) return Refusal::auth;
  return Refusal::invalid;
}

// "HTTP 422: what the body says", printable.
std::string describe(const Answer& answer) {
  if (answer.status == 0) return answer.reason;
  std::string text = "HTTP " + std::to_string(answer.status);
  if (!answer.location.empty()) text += ", redirects (not followed) to " + answer.location;
  if (!answer.body_start.empty()) text += ": " + answer.body_start;
  std::ranges::replace_if(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, ' ');
  return text;
}

std::string class_of(const Answer& answer) {
  return answer.status == 0 ? answer.error_class : "http_" + std::to_string(answer.status);
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value,
                                              system_clock::time_point now) {
  long count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  if (error == std::errc() && end == value.data() + value.size() && count >= 0)
    return std::min<seconds>(seconds(count), longest_pause);
  std::tm date{};
  const std::string text(value);
  if (::strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return std::nullopt;
  const seconds left(::timegm(&date) - system_clock::to_time_t(now));
  return std::clamp<seconds>(left, seconds(0), longest_pause);
}

dispatch::Verdict judge(const Answer& answer, std::span<const int> dead_letter_status,
                        std::size_t count, system_clock::time_point now) {
  dispatch::Verdict verdict;
  verdict.count = count;
  if (delivered(answer.status)) {
    verdict.result = dispatch::Result::delivered;
    return verdict;
  }
  verdict.detail = describe(answer);
  verdict.error_class = class_of(answer);
  const auto pause = parse_retry_after(answer.retry_after, now);
  if (std::ranges::find(dead_letter_status, answer.status) != dead_letter_status.end()) {
    verdict.result = dispatch::Result::refused;
    verdict.refusal = refusal_of(answer.status);
  } else if (answer.status == 429 || (answer.status == 503 && pause)) {
    verdict.result = dispatch::Result::throttled;
    verdict.pause = pause.value_or(milliseconds(0));
  } else {
    verdict.result = dispatch::Result::failed;
    verdict.everyone = answer.status == 0;
    verdict.maybe_delivered = answer.status == 0 ? answer.sent : may_have_taken(answer.status);
  }
  return verdict;
}

dispatch::Verdict judge_probe(const Answer& answer) {
  dispatch::Verdict verdict;
  verdict.result =
      delivered(answer.status) ? dispatch::Result::delivered : dispatch::Result::failed;
  if (verdict.result == dispatch::Result::delivered) return verdict;
  verdict.detail = describe(answer);
  verdict.error_class = class_of(answer);
  return verdict;
}

}  // namespace rebuf::sinks::http
