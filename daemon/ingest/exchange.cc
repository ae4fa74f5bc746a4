#include "daemon/ingest/exchange.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "daemon/ingest/connection.h"

namespace rebuf::daemon::ingest {
namespace {

// A body up to this length is read and thrown away when its request is refused, so that the
// connection can go on; for a longer one the connection ends.
constexpr std::uint64_t max_discarded_body = 64U << 10;
constexpr std::size_t first_room = 64U << 10;  // of a body of unknown length
constexpr std::chrono::milliseconds max_memory_wait{1000};
// What 512 bytes a message are for: the fixed part and bookkeeping; longer heads are charged.
constexpr std::uint64_t free_head_bytes = 256;

std::int64_t wall_clock_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

// Counts a request as held: for good when it could be handed over.
class Hold {
 public:
  explicit Hold(std::atomic<std::uint32_t>& held) : held_(held) { held_.fetch_add(1); }
  ~Hold() {
    if (!is_handed_over) held_.fetch_sub(1);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  bool is_handed_over = false;

 private:
  std::atomic<std::uint32_t>& held_;
};

}  // namespace

Exchange::Exchange(Service& service, Round& round, Patience& patience, Connection& connection,
                   bool surplus)
    : service_(service),
      round_(round),
      patience_(patience),
      connection_(connection),
      surplus_(surplus) {}

Exchange::Next Exchange::begin(const Head& head, Clock::time_point came) {
  begun_ = true;
  came_ = came;
  if (std::optional<Reply> reply = judge(head)) return refuse(std::move(*reply));

  waiter_.bytes =
      charge_for(headers_.chunked ? room_for(0) : headers_.content_length.value_or(0), 1);
  if (service_.gate.try_charge(waiter_.bytes, waiter_.charge)) {
    phase_ = Phase::body;
    return Next::read;
  }
  phase_ = Phase::memory;
  const Clock::time_point deadline = came_ + service_.http.request_timeout / 2;
  waiter_.until = std::min(Clock::now() + max_memory_wait, deadline);
  waiter_.wake = [this] { connection_.put_into_mailbox(); };
  Hold hold(service_.held);
  service_.gate.wait(waiter_);
  hold.is_handed_over = true;
  service_.waker.wake();
  return Next::wait;
}

Exchange::Next Exchange::resume() {
  if (phase_ == Phase::offered) {
    take_answer();
    return Next::answer;
  }
  switch (waiter_.outcome) {
    case MemoryGate::Outcome::granted:
      phase_ = Phase::body;
      return Next::read;
    case MemoryGate::Outcome::stopping:
      return refuse(problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s));
    default:
      return refuse(problem_for_now(429, "memory_full", "limits.memory is reached", retry_soon_s));
  }
}

void Exchange::take_answer() {
  reply_ = reply_to(request_->answer(), request_->messages(), form_ != Form::single);
}

// Before the body has come: a short one is read first, then answered, and the connection goes on;
// for any other, and when its end is not known, the answer goes out now, and the connection ends.
Exchange::Next Exchange::refuse(Reply reply) {
  const bool is_long = headers_.chunked || headers_.expects_continue ||
                       headers_.content_length.value_or(0) > max_discarded_body;
  phase_ = Phase::refused;
  reply_ = std::move(reply);
  cut_short_ = headers_.badly_framed || (headers_.has_body() && is_long);
  return cut_short_ ? Next::answer : Next::read;
}

void Exchange::reject(int status, std::string_view why) {
  phase_ = Phase::refused;
  reply_ = problem(status, status == 400 ? "malformed" : "too_large", why);
  cut_short_ = true;
}

void Exchange::count_reply() const {
  if (target_.entry == nullptr)
    service_.unrouted.add(reply_.status);
  else if (target_.entry->counts != nullptr)
    target_.entry->counts->add(reply_.status);
}

void Exchange::keep_head() {
  const bool needed = (phase_ == Phase::memory || phase_ == Phase::body) && request_ == nullptr;
  if (!needed || !kept_head_.empty()) return;
  const std::size_t topic = headers_.topic.value_or("").size();
  kept_head_.append(headers_.topic.value_or("")).append(headers_.key.value_or(""));
  const std::string_view kept = kept_head_;
  if (headers_.topic) headers_.topic = kept.substr(0, topic);
  if (headers_.key) headers_.key = kept.substr(topic);
}

void Exchange::reset() {
  if (!begun_) return;
  begun_ = false;
  cut_short_ = false;
  phase_ = Phase::head;
  headers_ = {};
  kept_head_.clear();
  packed_headers_.clear();
  keyed_.reset();
  waiter_.charge = {};
  body_ = std::string();  // idle connections keep no body's memory
  reply_ = {};
  request_.reset();
  target_ = {};
  routes_.reset();
}

std::uint64_t Exchange::charge_for(std::uint64_t bytes, std::uint64_t messages) const {
  const config::RouteConfig& route = target_.entry->route->config();
  const std::uint64_t head = envelope_fixed_bytes + packed_headers_.size() +
                             (headers_.topic ? *headers_.topic : route.topic).size() +
                             headers_.key.value_or("").size();
  const std::uint64_t extra = head > free_head_bytes ? head - free_head_bytes : 0;
  return bytes + messages * (MemoryBudget::per_message_bytes + extra);
}

// Doubles, but never asks for more than the body may ever have.
std::uint64_t Exchange::room_for(std::uint64_t size) const {
  const std::uint64_t limit = service_.gate.limit();
  const std::uint64_t most =
      std::min(service_.http.max_body, limit - std::min(limit, charge_for(0, 1)));
  const std::uint64_t doubled = std::max<std::uint64_t>(first_room, 2 * body_.capacity());
  return std::max(size, std::min(doubled, most));
}

// Most bodies come in one piece and are encoded straight from where they were received.
void Exchange::take(std::string_view piece) {
  if (phase_ != Phase::body) return;  // refused: nobody's
  if (body_.empty() && !headers_.chunked && piece.size() == headers_.content_length) {
    build(piece);
    return;
  }
  if (make_room(body_.size() + piece.size())) body_.append(piece);
}

// For `size` bytes of body; false when the request was refused instead.
bool Exchange::make_room(std::size_t size) {
  if (size <= body_.capacity()) return true;
  if (!headers_.chunked) {
    body_.reserve(*headers_.content_length);
    return true;
  }
  const auto refused = [&](Reply reply) {
    phase_ = Phase::refused;
    reply_ = std::move(reply);
    body_ = std::string();
    waiter_.charge = {};
    return false;
  };
  if (size > service_.http.max_body)
    return refused(problem(413, "too_large", "the body is longer than max_body"));
  const std::uint64_t room = room_for(size);
  if (charge_for(size, 1) > service_.gate.limit())
    return refused(problem(413, "too_large", "the request can never fit limits.memory"));
  if (!waiter_.charge.resize(charge_for(room, 1)))
    return refused(problem_for_now(429, "memory_full", "limits.memory is reached", retry_soon_s));
  body_.reserve(room);
  return true;
}

// The whole body -> the route's request, or a refusal.
void Exchange::build(std::string_view body) {
  const auto refused = [&](Reply reply) {
    phase_ = Phase::refused;
    reply_ = std::move(reply);
  };
  std::vector<std::string_view> found;
  std::span<const std::string_view> values(&body, 1);
  std::size_t messages = 1;
  if (form_ != Form::single) {
    // More than could ever fit are counted and not kept.
    const std::uint64_t most = service_.gate.limit() / MemoryBudget::per_message_bytes;
    const SplitResult result = split(form_, body, [&](std::string_view value) {
      if (found.size() <= most) found.push_back(value);
    });
    if (!result.ok())
      return refused(
          problem(400, "malformed", result.error,
                  form_ == Form::json_array ? std::optional(result.messages) : std::nullopt));
    messages = result.messages;
    values = found;
  }
  const std::uint64_t bytes = charge_for(body.size(), messages);
  if (bytes > service_.gate.limit() || bytes > std::numeric_limits<std::uint32_t>::max())
    return refused(problem(413, "too_large", "the request can never fit limits.memory"));
  if (!waiter_.charge.resize(bytes))
    return refused(problem_for_now(429, "memory_full", "limits.memory is reached", retry_soon_s));

  Envelope envelope;
  envelope.arrival_ms = wall_clock_ms();
  envelope.timestamp_ms = headers_.timestamp_ms.value_or(envelope.arrival_ms);
  envelope.topic = headers_.topic ? *headers_.topic : target_.entry->route->config().topic;
  envelope.key = headers_.key;
  envelope.headers = sinks::HeaderList(packed_headers_);
  Batch batch(std::exchange(waiter_.charge, {}));
  batch.reserve(messages, body.size() + messages * packed_headers_.size());
  for (const std::string_view value : values) {
    envelope.value = value;
    batch.add(envelope);
  }
  if (keyed_ != nullptr) keyed_->fingerprint = fingerprint(body);
  request_ = std::make_shared<IngestRequest>(std::move(batch),
                                             came_ + service_.http.request_timeout, connection_);
}

// Of all that decides which messages they are; a repeat may have another time and other headers.
idempotency::Fingerprint Exchange::fingerprint(std::string_view body) const {
  const std::array<std::string_view, 5> parts{to_string(form_), headers_.topic.value_or(""),
                                              headers_.key ? "key" : "no key",
                                              headers_.key.value_or(""), body};
  return idempotency::fingerprint_of(parts);
}

void Exchange::offer() {
  Route& route = *target_.entry->route;
  const std::uint64_t offered = service_.offered.fetch_add(1, std::memory_order_relaxed) + 1;
  request_->patient = patience_.note(seen_in_, came_, offered);
  if (keyed_ == nullptr) return round_.add(route, request_);
  target_.entry->keys->offer(keyed_->key, keyed_->fingerprint, request_, route);
  round_.add_offered(request_);
}

// To the route with it, and wait for the answer.
Exchange::Next Exchange::end() {
  if (phase_ == Phase::body && request_ == nullptr) build(body_);
  body_ = std::string();
  if (phase_ == Phase::refused) return Next::answer;
  Hold hold(service_.held);
  if (service_.stopping) {
    reply_ = problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s);
    return Next::answer;
  }
  round_.make_room();
  phase_ = Phase::offered;
  offer();
  hold.is_handed_over = true;
  return Next::wait;
}

}  // namespace rebuf::daemon::ingest
