#include "daemon/ingest/connection.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>
#include <span>
#include <utility>
#include <vector>

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

}  // namespace

Connection::Connection(Service& service, Mailbox& mailbox, Round& round, Patience& patience,
                       MHD_Connection* connection, int fd, bool surplus)
    : service_(service),
      mailbox_(mailbox),
      round_(round),
      patience_(patience),
      connection_(connection),
      fd_(fd),
      surplus_(surplus) {
  watch.idle_since = Clock::now();
}

// libmicrohttpd closes its own descriptor after this.
Connection::~Connection() {
  if (!linger_) return;
  if (service_.lingering.add(sinks::Fd(::fcntl(fd_, F_DUPFD_CLOEXEC, 0)))) service_.waker.wake();
}

void Connection::on_begin() {
  service_.requests.fetch_add(1);
  watch.served.fetch_add(1);
  const Clock::rep seen = watch.first_byte.exchange(0);
  watch.started = seen != 0 ? seen : Clock::now().time_since_epoch().count();
  watch.stage = Watch::Stage::receiving;
}

void Connection::on_completed() {
  phase_ = Phase::headers;
  headers_ = {};
  packed_headers_.clear();
  keyed_.reset();
  waiter_.charge = {};
  body_ = std::string();  // idle connections keep no body's memory
  reply_.reset();
  request_.reset();
  target_ = {};
  routes_.reset();
  watch.stage = Watch::Stage::idle;
  service_.requests.fetch_sub(1);
}

MHD_Result Connection::on_call(std::string_view url, std::string_view method,
                               std::string_view piece) {
  switch (phase_) {
    case Phase::headers:
      return at_headers(url, method);
    case Phase::memory:
      return after_memory();
    case Phase::body:
      if (piece.empty()) return finish();
      take(piece);
      return MHD_YES;
    case Phase::refused:
      return piece.empty() ? send(*reply_) : MHD_YES;
    case Phase::offered:
      break;
  }
  return send(reply_to(request_->answer(), request_->messages(), form_ != Form::single));
}

MHD_Result Connection::at_headers(std::string_view url, std::string_view method) {
  if (std::optional<Reply> reply = judge(url, method)) return refuse(std::move(*reply));

  waiter_.bytes =
      charge_for(headers_.chunked ? room_for(0) : headers_.content_length.value_or(0), 1);
  if (service_.gate.try_charge(waiter_.bytes, waiter_.charge)) {
    phase_ = Phase::body;
    return MHD_YES;
  }
  phase_ = Phase::memory;
  const Clock::time_point deadline = started() + service_.http.request_timeout / 2;
  waiter_.until = std::min(Clock::now() + max_memory_wait, deadline);
  waiter_.wake = [this] { mailbox_.put(connection_); };
  watch.stage = Watch::Stage::held;
  service_.held.fetch_add(1);
  MHD_suspend_connection(connection_);
  service_.gate.wait(waiter_);
  service_.waker.wake();
  return MHD_YES;
}

MHD_Result Connection::after_memory() {
  watch.stage = Watch::Stage::receiving;
  switch (waiter_.outcome) {
    case MemoryGate::Outcome::granted:
      phase_ = Phase::body;
      return MHD_YES;
    case MemoryGate::Outcome::stopping:
      return refuse(problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s));
    default:
      return refuse(problem_for_now(429, "memory_full", "limits.memory is reached", retry_soon_s));
  }
}

// Before the body has come: a short one is read first, then answered, and the connection goes on;
// for any other the answer goes out now, and the connection ends.
MHD_Result Connection::refuse(Reply reply) {
  const bool at_once = headers_.chunked || headers_.expects_continue ||
                       headers_.content_length.value_or(0) > max_discarded_body;
  phase_ = Phase::refused;
  reply_ = std::move(reply);
  if (!headers_.has_body() || !at_once) return MHD_YES;
  linger_ = true;
  return send(*reply_);
}

std::uint64_t Connection::charge_for(std::uint64_t bytes, std::uint64_t messages) const {
  const config::RouteConfig& route = target_.entry->route->config();
  const std::uint64_t head = envelope_fixed_bytes + packed_headers_.size() +
                             (headers_.topic ? *headers_.topic : route.topic).size() +
                             headers_.key.value_or("").size();
  const std::uint64_t extra = head > free_head_bytes ? head - free_head_bytes : 0;
  return bytes + messages * (MemoryBudget::per_message_bytes + extra);
}

// Doubles, but never asks for more than the body may ever have.
std::uint64_t Connection::room_for(std::uint64_t size) const {
  const std::uint64_t limit = service_.gate.limit();
  const std::uint64_t most =
      std::min(service_.http.max_body, limit - std::min(limit, charge_for(0, 1)));
  const std::uint64_t doubled = std::max<std::uint64_t>(first_room, 2 * body_.capacity());
  return std::max(size, std::min(doubled, most));
}

// Most bodies come in one piece and are encoded straight from libmicrohttpd's buffer.
void Connection::take(std::string_view piece) {
  if (body_.empty() && !headers_.chunked && piece.size() == headers_.content_length) {
    build(piece);
    return;
  }
  if (make_room(body_.size() + piece.size())) body_.append(piece);
}

// For `size` bytes of body; false when the request was refused instead.
bool Connection::make_room(std::size_t size) {
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
void Connection::build(std::string_view body) {
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
  request_ = std::make_shared<IngestRequest>(
      std::move(batch), started() + service_.http.request_timeout, mailbox_, connection_);
}

// Of all that decides which messages they are; a repeat may have another time and other headers.
idempotency::Fingerprint Connection::fingerprint(std::string_view body) const {
  const std::array<std::string_view, 5> parts{to_string(form_), headers_.topic.value_or(""),
                                              headers_.key ? "key" : "no key",
                                              headers_.key.value_or(""), body};
  return idempotency::fingerprint_of(parts);
}

void Connection::offer() {
  Route& route = *target_.entry->route;
  const std::uint64_t offered = service_.offered.fetch_add(1, std::memory_order_relaxed) + 1;
  request_->patient = patience_.note(seen_in_, started(), offered);
  if (keyed_ == nullptr) return round_.add(route, request_);
  target_.entry->keys->offer(keyed_->key, keyed_->fingerprint, request_, route);
  request_->park();
}

// The request has come whole: to the route with it, and wait for the answer.
MHD_Result Connection::finish() {
  if (request_ == nullptr) build(body_);
  body_ = std::string();
  if (phase_ == Phase::refused) return send(*reply_);
  service_.held.fetch_add(1);
  if (service_.stopping) {
    service_.held.fetch_sub(1);
    return send(problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s));
  }
  phase_ = Phase::offered;
  offer();
  // Whatever the answer, it is this thread that resumes the connection, later.
  watch.stage = Watch::Stage::held;
  MHD_suspend_connection(connection_);
  return MHD_YES;
}

MHD_Result Connection::send(const Reply& reply) {
  watch.stage = Watch::Stage::answering;
  const std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)> response(
      // libmicrohttpd takes void* but only copies from it.
      MHD_create_response_from_buffer(reply.body.size(), const_cast<char*>(reply.body.data()),
                                      MHD_RESPMEM_MUST_COPY),
      MHD_destroy_response);
  if (response == nullptr) return MHD_NO;
  bool whole = true;
  const auto add = [&](const char* name, std::string_view value) {
    // All values are literals or NUL-terminated strings.
    if (!value.empty())
      whole = whole && MHD_add_response_header(response.get(), name, value.data()) == MHD_YES;
  };
  add("Content-Type", reply.content_type);
  add("Rebuf-Status", reply.rebuf_status);
  if (!reply.rebuf_status.empty()) add("Rebuf-Durable", reply.durable ? "true" : "false");
  if (reply.retry_after_s > 0) add("Retry-After", std::to_string(reply.retry_after_s));
  if (reply.repeated) add("Idempotent-Replayed", "true");
  add("Allow", reply.allow);
  add("Accept", reply.accept);
  add("Accept-Encoding", reply.accept_encoding);
  if (surplus_ || service_.closing) add("Connection", "close");
  if (!whole) return MHD_NO;
  if (target_.entry == nullptr)
    service_.unrouted.add(reply.status);
  else if (target_.entry->counts != nullptr)
    target_.entry->counts->add(reply.status);
  return MHD_queue_response(connection_, static_cast<unsigned>(reply.status), response.get());
}

}  // namespace rebuf::daemon::ingest
