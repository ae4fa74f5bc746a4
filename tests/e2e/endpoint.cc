#include "endpoint.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>

#include "sockets.h"
#include "tests/support/free_port.h"

namespace rebuf::e2e {
namespace {

void send_all(int connection, std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

// An answer without a body.
void say(int connection, const std::string& status_and_headers) {
  send_all(connection, "HTTP/1.1 " + status_and_headers + "\r\nContent-Length: 0\r\n\r\n");
}

// The value of a header; the head is in lower case.
std::optional<std::string> header(const std::string& head, const std::string& name) {
  const std::size_t at = head.find("\r\n" + name + ":");
  if (at == std::string::npos) return std::nullopt;
  const std::size_t begin = head.find_first_not_of(' ', at + name.size() + 3);
  return head.substr(begin, head.find("\r\n", begin) - begin);
}

// Reads one request; false when the connection ends. `buffer` keeps what came too early.
bool read_request(int connection, std::string& buffer, std::string& head, std::string& body) {
  std::size_t wanted = std::string::npos;  // bytes of head and body
  for (;;) {
    const std::size_t end = buffer.find("\r\n\r\n");
    if (end != std::string::npos && wanted == std::string::npos) {
      head = buffer.substr(0, end + 2);
      std::transform(head.begin(), head.end(), head.begin(),
                     [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
      wanted = end + 4 + std::stoul(header(head, "content-length").value_or("0"));
    }
    if (wanted <= buffer.size()) {
      body = buffer.substr(end + 4, wanted - end - 4);
      buffer.erase(0, wanted);
      return true;
    }
    std::array<char, 65536> block{};
    const ssize_t count = ::recv(connection, block.data(), block.size(), 0);
    if (count <= 0) return false;
    buffer.append(block.data(), static_cast<std::size_t>(count));
  }
}

// `Rebuf-Ids: <first id>+<count>, …`, or a single message's `Rebuf-Id`.
std::vector<Id> ids_of(const std::string& head) {
  std::vector<Id> ids;
  std::string ranges = header(head, "rebuf-ids").value_or(header(head, "rebuf-id").value_or(""));
  std::replace(ranges.begin(), ranges.end(), ' ', ',');
  while (!ranges.empty()) {
    const std::string range = ranges.substr(0, ranges.find(','));
    ranges.erase(0, std::min(ranges.size(), range.size() + 1));
    const auto first = Id::parse(range.substr(0, 32));
    if (!first) continue;
    const std::size_t count = range.size() > 33 ? std::stoul(range.substr(33)) : 1;
    for (std::size_t i = 0; i < count; ++i) ids.push_back(first->plus(i));
  }
  return ids;
}

std::vector<std::string_view> lines_of(std::string_view body) {
  std::vector<std::string_view> lines;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(body.size(), line.size() + 1));
    lines.push_back(line);
  }
  return lines;
}

std::optional<SendingName> name_in(std::string_view value) {
  constexpr std::string_view mark = "\"sending\":\"";
  const std::size_t at = value.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  value.remove_prefix(at + mark.size());
  return SendingName::parse(value.substr(0, value.find('"')));
}

}  // namespace

const char* name_of(Manner manner) {
  constexpr std::array<const char*, manners> names{"takes",  "is busy",          "throttles",
                                                   "fails",  "forbids",          "hangs",
                                                   "resets", "takes and resets", "half answers"};
  return names.at(static_cast<std::size_t>(manner));
}

Endpoint::Endpoint() : port_(test::free_port()) {}

Endpoint::~Endpoint() { close(); }

void Endpoint::open() {
  listener_ = listen_on("127.0.0.1", port_);
  closing_ = false;
  acceptor_ = std::thread([this, listener = listener_] { accept_all(listener); });
}

void Endpoint::close() {
  if (!acceptor_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
    for (const int connection : connections_) ::shutdown(connection, SHUT_RDWR);
  }
  changed_.notify_all();
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  ::close(listener_);
  for (std::thread& server : servers_) server.join();
  servers_.clear();
}

void Endpoint::be(Manner manner) {
  const std::lock_guard lock(mutex_);
  manner_ = manner;
  changed_.notify_all();
}

void Endpoint::answer_poison(int status) {
  const std::lock_guard lock(mutex_);
  poison_status_ = status;
}

void Endpoint::wait_for_request() const {
  std::unique_lock lock(mutex_);
  const bool came = changed_.wait_for(lock, std::chrono::seconds(120),
                                      [&, before = requests_] { return requests_ > before; });
  REQUIRE_MESSAGE(came, "no request comes");
}

std::vector<Arrival> Endpoint::arrivals() const {
  const std::lock_guard lock(mutex_);
  return arrivals_;
}

std::size_t Endpoint::unanswered() const {
  const std::lock_guard lock(mutex_);
  return unanswered_;
}

void Endpoint::forget() {
  const std::lock_guard lock(mutex_);
  arrivals_.clear();
}

void Endpoint::accept_all(int listener) {
  for (;;) {
    const int connection = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const std::lock_guard lock(mutex_);
    if (closing_ || connection < 0) {
      if (connection >= 0) reset(connection);
      return;
    }
    connections_.push_back(connection);
    servers_.emplace_back([this, connection] { serve(connection); });
  }
}

void Endpoint::serve(int connection) {
  std::string buffer;
  std::string head;
  std::string body;
  std::size_t taken = 0;  // of the request before
  while (read_request(connection, buffer, head, body)) {
    {
      const std::lock_guard lock(mutex_);
      unanswered_ -= taken;
    }
    const Reply reply = answer(connection, head, body);
    if (!reply.whole) break;
    taken = reply.taken;
  }
  const std::lock_guard lock(mutex_);
  connections_.remove(connection);
  reset(connection);
}

Endpoint::Reply Endpoint::answer(int connection, const std::string& head, std::string_view body) {
  std::unique_lock lock(mutex_);
  ++requests_;
  changed_.notify_all();
  if (head.starts_with("get ")) {
    ++times_asked_;
    say(connection, manner_ == Manner::takes ? "200 OK" : "503 Service Unavailable");
    return {.whole = true};
  }
  const bool poisoned = body.find(poison) != std::string_view::npos;
  Reply reply{.whole = true};
  switch (manner_) {
    case Manner::takes:
      if (poisoned && poison_status_ != 200) {
        say(connection, std::to_string(poison_status_) + " Refused");
        return reply;
      }
      reply.taken = take(head, body);
      say(connection, "200 OK");
      return reply;
    case Manner::is_busy:
      say(connection, "503 Service Unavailable\r\nRetry-After: 1");
      return reply;
    case Manner::throttles:
      say(connection, "429 Too Many Requests\r\nRetry-After: 1");
      return reply;
    case Manner::fails:
      say(connection, "500 Internal Server Error");
      return reply;
    case Manner::forbids:
      say(connection, "403 Forbidden");
      return reply;
    case Manner::hangs:
      changed_.wait(lock, [&] { return closing_ || manner_ != Manner::hangs; });
      return {};
    case Manner::half_answers:
      send_all(connection, "HTTP/1.1 200 OK\r\nContent-Le");
      [[fallthrough]];
    case Manner::takes_and_resets:
      if (!poisoned) (void)take(head, body);
      return {};
    case Manner::resets:
      break;
  }
  return {};
}

std::size_t Endpoint::take(const std::string& head, std::string_view body) {
  const std::vector<Id> ids = ids_of(head);
  const bool batch = header(head, "rebuf-ids").has_value();
  const std::vector<std::string_view> values =
      batch ? lines_of(body) : std::vector<std::string_view>{body};
  CHECK_MESSAGE(ids.size() == values.size(), head);
  for (std::size_t i = 0; i < std::min(ids.size(), values.size()); ++i)
    arrivals_.push_back({.stream = 0,
                         .id = ids[i],
                         .replayed = header(head, "rebuf-replayed") == "1",
                         .sent_as = name_in(values[i]),
                         .value = std::string(values[i])});
  unanswered_ += values.size();
  return values.size();
}

}  // namespace rebuf::e2e
