#include "daemon/ingest/connection.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <exception>
#include <utility>

namespace rebuf::daemon::ingest {
namespace {

using Next = Exchange::Next;

// Read at once where requests may follow, which have to be kept while the first is answered.
constexpr std::size_t read_size = 8U << 10;
// After its deadline an answer (503 outcome_unknown) has this long to be sent.
constexpr std::chrono::seconds sending_time{2};
// While no more requests are under way than those of one connection thread's first clients, who has
// an answer sends it: waking that thread costs more. Of many it can send several when it wakes, and
// several threads can.
constexpr std::uint32_t few = fill_first;

bool passes(int error) { return error == EAGAIN || error == EINTR; }

}  // namespace

Connection::Connection(ThreadParts& thread, sinks::Fd socket, bool surplus)
    : thread_(thread),
      socket_(std::move(socket)),
      surplus_(surplus),
      since_(thread.now),
      exchange_(thread.service, thread.round, thread.patience, *this, surplus) {
  watch(EPOLLIN);
}

Connection::~Connection() {
  if (parsed_head_) thread_.service.requests.fetch_sub(1);
  watch(0);
  if (lingers_ && thread_.service.lingering.add(std::move(socket_))) thread_.service.waker.wake();
}

// Fails only without memory: then the connection is late some day.
void Connection::watch(std::uint32_t events) {
  if (events == watched_) return;
  epoll_event event{};
  event.events = events;
  event.data.ptr = this;
  const int change = events == 0 ? EPOLL_CTL_DEL : watched_ == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (::epoll_ctl(thread_.epoll.get(), change, socket_.get(), &event) == 0) watched_ = events;
}

bool Connection::is_late(Clock::time_point now) const {
  const config::Http& http = thread_.service.http;
  switch (stage_) {
    case Stage::idle:
      return now > since_ + http.idle_timeout;
    case Stage::receiving:
      return now > since_ + http.request_timeout;
    case Stage::sending:
      return now > since_ + http.request_timeout + sending_time;
    case Stage::held:
    case Stage::held_unwatched:  // the route answers by the deadline
      break;
  }
  return false;
}

bool Connection::on_ready() {
  if (stage_ == Stage::sending) return send_rest();
  if (!leaves_it_for_later()) return receive();
  watch(0);
  return true;
}

// While a request is held: more has come than was asked for, or the client has gone, and both can
// wait for the answer.
bool Connection::leaves_it_for_later() {
  Stage stage = Stage::held;
  return stage_.compare_exchange_strong(stage, Stage::held_unwatched) ||
         stage == Stage::held_unwatched;
}

// Some answers are left to the connection's thread: who has synced a message has the next sync to
// do, and a long list of refused messages would hold up those that are delivered.
void Connection::on_answered(const Answer& answer) noexcept {
  Service& service = thread_.service;
  const bool is_quick = answer.buffered == 0 && answer.refused.empty();
  if (failed_ || !is_quick || service.held > few) return put_into_mailbox();
  try {
    thread_local Outgoing out;
    exchange_.take_answer();
    compose(out);
    exchange_.reset();  // before the client can send its next request, and wakes the thread
    send(out.text);
  } catch (const std::exception&) {  // no memory
    failed_ = true;
  }
  sent_ = true;
  if (failed_ || ends_ || !unsent_.empty() || !kept_.empty()) return put_into_mailbox();
  finish(Clock::now());
  Stage stage = Stage::held;
  if (!stage_.compare_exchange_strong(stage, Stage::idle)) return put_into_mailbox();
  service.held.fetch_sub(1);  // the connection may be gone already
}

bool Connection::on_resumed() {
  stage_ = Stage::receiving;
  if (failed_) return false;
  if (sent_) return settle_and_go_on();
  const Next next = exchange_.resume();
  if (next == Next::read) return go_on_with_kept({});
  const std::string bytes = std::exchange(kept_, {});
  return go_on(next, bytes);
}

bool Connection::on_failure() {
  failed_ = true;
  return stage_ == Stage::held || stage_ == Stage::held_unwatched;
}

bool Connection::receive() {
  const std::uint64_t body = parsed_head_ ? parser_.remaining() : 0;
  const std::size_t most = read_size + std::min<std::uint64_t>(body, thread_.in.size() - read_size);
  const ssize_t got = ::recv(socket_.get(), thread_.in.data(), most, 0);
  if (got <= 0) return got < 0 && passes(errno);
  std::string_view bytes(thread_.in.data(), static_cast<std::size_t>(got));
  if (!kept_.empty()) return go_on_with_kept(bytes);
  const Next next = take(bytes);
  return go_on(next, bytes);
}

bool Connection::go_on_with_kept(std::string_view more) {
  std::string bytes = std::exchange(kept_, {});
  bytes += more;
  std::string_view rest = bytes;
  const Next next = take(rest);
  return go_on(next, rest);
}

// What the bytes bring to the request that is on the connection, or begin the next one with; they
// become what they leave.
Next Connection::take(std::string_view& bytes) {
  if (!parsed_head_) {
    const Next next = take_head(bytes);
    if (next != Next::read || !parsed_head_) return next;
  }
  return take_body(bytes);
}

Next Connection::take_head(std::string_view& bytes) {
  while (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // some clients end a body with it
  if (bytes.empty() || bytes == "\r") return Next::read;
  if (stage_ == Stage::idle) {
    stage_ = Stage::receiving;
    since_ = thread_.now;
  }
  const HeadEnd end = find_head_end(bytes);
  switch (end.kind) {
    case HeadEnd::Kind::not_yet:
      return Next::read;
    case HeadEnd::Kind::line_too_long:
      return reject(414, "the request line is longer than 8 KiB");
    case HeadEnd::Kind::fields_too_long:
      return reject(431, "request line and header fields are longer than 8 KiB");
    case HeadEnd::Kind::no_crlf:
      return reject(400, "the lines of the head do not end in CR LF");
    case HeadEnd::Kind::no_version:
      return reject(400, "the first line does not end in the version of HTTP");
    case HeadEnd::Kind::found:
      break;
  }
  const std::string error = parser_.parse_head(bytes.substr(0, end.bytes), thread_.head);
  if (!error.empty()) return reject(400, error);
  bytes.remove_prefix(end.bytes);
  parsed_head_ = true;
  thread_.service.requests.fetch_add(1);
  http_1_1_ = thread_.head.http_1_1;
  no_body_ = thread_.head.method == "HEAD";
  const Next next = exchange_.begin(thread_.head, since_);
  continue_is_due_ = exchange_.expects_continue() && http_1_1_ && !parser_.done() && bytes.empty();
  return next;
}

Next Connection::take_body(std::string_view& bytes) {
  while (!parser_.done() && !bytes.empty()) {
    const HttpParser::Step step = parser_.step(bytes);
    if (!step.error.empty()) return reject(400, step.error);
    if (!step.piece.empty()) exchange_.take(step.piece);
    bytes.remove_prefix(step.used);
    if (step.used > 0) continue;
    if (bytes.size() > max_head)
      return reject(400, "the line of a chunk, or a trailer, is longer than 8 KiB");
    break;
  }
  return parser_.done() ? exchange_.end() : Next::read;
}

Next Connection::reject(int status, std::string_view why) {
  thread_.log(sinks::LogLevel::debug, std::string("a request that is no HTTP: ").append(why));
  exchange_.reject(status, why);
  ends_ = true;
  return Next::answer;
}

// Goes on with requests that have come whole behind the one that is answered, until there is none.
bool Connection::go_on(Next next, std::string_view bytes) {
  for (; next == Next::answer; next = take(bytes)) {
    if (!send_answer()) return false;
    if (stage_ == Stage::sending) break;
  }
  if (next == Next::wait) hold();
  exchange_.keep_head();
  kept_.assign(bytes);
  if (next == Next::wait) return true;
  watch(stage_ == Stage::sending ? EPOLLOUT : EPOLLIN);
  return next == Next::answer || send_continue();
}

void Connection::hold() {
  if (watched_ != 0) watch(EPOLLIN);
  stage_ = watched_ == EPOLLIN ? Stage::held : Stage::held_unwatched;
  sent_ = false;
}

bool Connection::send_continue() {
  constexpr std::string_view text = "HTTP/1.1 100 Continue\r\n\r\n";
  if (!std::exchange(continue_is_due_, false)) return true;
  return ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL) ==
         static_cast<ssize_t>(text.size());
}

bool Connection::send_answer() {
  compose(thread_.out);
  send(thread_.out.text);
  return settle();
}

bool Connection::send_rest() {
  send(std::exchange(unsent_, {}));
  return settle_and_go_on();
}

bool Connection::settle_and_go_on() {
  if (!settle()) return false;
  if (stage_ != Stage::sending) return go_on_with_kept({});
  watch(EPOLLOUT);
  return true;
}

bool Connection::settle() {
  if (failed_ || (ends_ && unsent_.empty())) return false;
  if (unsent_.empty()) finish(thread_.now);
  stage_ = unsent_.empty() ? Stage::idle : Stage::sending;
  return true;
}

void Connection::compose(Outgoing& out) {
  lingers_ = ends_ || surplus_ || thread_.service.closing || exchange_.is_cut_short();
  ends_ = lingers_ || !parser_.keep_alive();
  out.text.clear();
  append_response(out.text, exchange_.reply(), {ends_, http_1_1_, no_body_}, out.date.now());
  exchange_.count_reply();
}

// What is not sent yet is kept.
void Connection::send(std::string_view answer) {
  const ssize_t sent = ::send(socket_.get(), answer.data(), answer.size(), MSG_NOSIGNAL);
  failed_ = sent < 0 && !passes(errno);
  unsent_ = answer.substr(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
}

// Ready for the next request; a second time nothing changes.
void Connection::finish(Clock::time_point now) {
  exchange_.reset();
  if (std::exchange(parsed_head_, false)) thread_.service.requests.fetch_sub(1);
  http_1_1_ = true;
  no_body_ = false;
  since_ = now;
}

}  // namespace rebuf::daemon::ingest
