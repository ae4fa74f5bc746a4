#include "harness.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>

namespace rebuf::daemon::ingest_test {
namespace {

using SteadyClock = std::chrono::steady_clock;

bool wait_for(int fd, short events, SteadyClock::time_point deadline) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
  pollfd one{fd, events, 0};
  return ::poll(&one, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0))) > 0;
}

std::string lowered(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

Answer delivered(const Request& request) {
  Answer answer;
  answer.delivered = static_cast<std::uint32_t>(request.batch.size());
  answer.first_id.bytes.back() = 1;
  answer.last_id.bytes.back() = static_cast<std::uint8_t>(request.batch.size());
  return answer;
}

}  // namespace

FakeRoute::FakeRoute(const std::string& name) : answer(delivered) {
  settings.name = name;
  settings.path = "/ingest/" + name;
  settings.topic = name + "-topic";
  settings.forward_headers.clear();
  worker_ = std::thread([this] { run(); });
}

FakeRoute::~FakeRoute() {
  answer_held();
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  worker_.join();
}

void FakeRoute::offer(std::shared_ptr<Request> request) {
  Mode now{};
  {
    const std::lock_guard lock(mutex_);
    ++offers_;
    last_deadline_ = request->deadline;
    for (std::size_t i = 0; i < request->batch.size(); ++i) {
      const std::optional<Envelope> envelope = decode(request->batch.envelope(i));
      REQUIRE(envelope);
      Taken& taken = taken_.emplace_back();
      taken.topic = envelope->topic;
      taken.value = envelope->value;
      if (envelope->key) taken.key = std::string(*envelope->key);
      for (const sinks::Header header : envelope->headers)
        taken.headers.emplace(header.name, header.value);
      taken.timestamp_ms = envelope->timestamp_ms;
      taken.arrival_ms = envelope->arrival_ms;
    }
    now = mode;
    if (now == Mode::held) held_.push_back(request);
    if (now == Mode::other_thread) queue_.push_back(request);
  }
  changed_.notify_all();
  if (now == Mode::at_once) request->on_answer(answer(*request));
}

void FakeRoute::offer_all(std::span<const std::shared_ptr<Request>> requests) {
  {
    const std::lock_guard lock(mutex_);
    together_.push_back(requests.size());
  }
  Route::offer_all(requests);
}

void FakeRoute::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ends_ || !queue_.empty(); });
    if (queue_.empty()) return;
    const auto work = std::exchange(queue_, {});
    lock.unlock();
    for (const auto& request : work) request->on_answer(answer(*request));
    lock.lock();
  }
}

std::vector<Taken> FakeRoute::taken() {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::vector<std::string> FakeRoute::values() {
  std::vector<std::string> values;
  for (const Taken& message : taken()) values.push_back(message.value);
  return values;
}

std::vector<std::size_t> FakeRoute::offered_together() {
  const std::lock_guard lock(mutex_);
  return together_;
}

std::size_t FakeRoute::offers() {
  const std::lock_guard lock(mutex_);
  return offers_;
}

SteadyClock::time_point FakeRoute::last_deadline() {
  const std::lock_guard lock(mutex_);
  return last_deadline_;
}

bool FakeRoute::wait_held(std::size_t count) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [&] { return held_.size() >= count; });
}

void FakeRoute::answer_held() {
  std::vector<std::shared_ptr<Request>> held;
  {
    const std::lock_guard lock(mutex_);
    held.swap(held_);
  }
  for (const auto& request : held) request->on_answer(answer(*request));
}

std::string Response::header(const std::string& name) const {
  const auto found = headers.find(name);
  return found == headers.end() ? "" : found->second;
}

Client::Client(std::uint16_t port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

Client::Client(const std::string& unix_path)
    : fd_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, unix_path.data(),
              std::min(unix_path.size(), sizeof address.sun_path - 1));
  connected_ = ::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
}

bool Client::send(std::string_view bytes) {
  const auto deadline = SteadyClock::now() + patience;
  while (!bytes.empty()) {
    if (!wait_for(fd_.get(), POLLOUT, deadline)) return false;
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno == EAGAIN) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

std::size_t Client::send_some(std::string_view bytes, std::chrono::milliseconds within) {
  const auto deadline = SteadyClock::now() + within;
  while (wait_for(fd_.get(), POLLOUT, deadline)) {
    const ssize_t sent = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent > 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN) return 0;
  }
  return 0;
}

void Client::end_sending() { ::shutdown(fd_.get(), SHUT_WR); }

void Client::reset() {
  const linger at_once{1, 0};
  ::setsockopt(fd_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
}

bool Client::fill() {
  if (!wait_for(fd_.get(), POLLIN, SteadyClock::now() + patience)) return false;
  std::string piece(65536, '\0');
  const ssize_t got = ::recv(fd_.get(), piece.data(), piece.size(), 0);
  if (got <= 0) return false;
  buffer_.append(piece, 0, static_cast<std::size_t>(got));
  return true;
}

Response Client::receive(bool head) {
  Response response;
  std::size_t end = 0;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos)
    if (!fill()) return response;
  std::string_view text = std::string_view(buffer_).substr(0, end + 2);
  const int status = std::atoi(std::string(text.substr(9, 3)).c_str());
  text.remove_prefix(text.find("\r\n") + 2);
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find("\r\n"));
    const std::size_t colon = line.find(':');
    response.headers[lowered(std::string(line.substr(0, colon)))] = line.substr(colon + 2);
    text.remove_prefix(line.size() + 2);
  }
  buffer_.erase(0, end + 4);
  const std::string declared = response.header("content-length");
  const std::size_t length = head || declared.empty() ? 0 : std::stoul(declared);
  while (buffer_.size() < length)
    if (!fill()) return response;
  response.body = buffer_.substr(0, length);
  buffer_.erase(0, length);
  response.status = status;
  return response;
}

bool Client::receive_exactly(std::string_view text) {
  while (buffer_.size() < text.size())
    if (!fill()) return false;
  const bool same = buffer_.starts_with(text);
  buffer_.erase(0, text.size());
  return same;
}

bool Client::ends(std::chrono::milliseconds within) {
  const auto deadline = SteadyClock::now() + within;
  while (wait_for(fd_.get(), POLLIN, deadline)) {
    char waste[4096];
    if (::recv(fd_.get(), waste, sizeof waste, 0) <= 0) return true;
  }
  return false;
}

Response Client::request(std::string_view method, std::string_view path, std::string_view body,
                         std::string_view headers) {
  std::string text(method);
  text.append(" ").append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(headers);
  if (method == "POST" || !body.empty())
    text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  text.append("\r\n").append(body);
  if (!send(text)) return {};
  return receive(method == "HEAD");
}

std::string post_text(std::string_view path, std::string_view body, std::string_view headers) {
  std::string text = "POST ";
  text.append(path).append(" HTTP/1.1\r\nHost: test\r\n").append(headers);
  text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n";
  return text.append(body);
}

Harness::Harness() {
  http.listen.push_back({"127.0.0.1", 0, ""});
  routes.push_back({&route, &counts, nullptr});
}

Harness::~Harness() {
  route.answer_held();
  if (server != nullptr) server->stop();
}

void Harness::start() {
  budget = std::make_unique<MemoryBudget>(memory);
  auto started = IngestServer::start(http, {routes, nullptr}, *budget, log);
  REQUIRE(started.ok());
  server = std::move(*started);
}

bool eventually(const std::function<bool()>& condition, std::chrono::milliseconds within) {
  const auto deadline = SteadyClock::now() + within;
  while (!condition()) {
    if (SteadyClock::now() > deadline) return false;
    ::poll(nullptr, 0, 2);
  }
  return true;
}

std::uint64_t seed_of_this_run(const char* test) {
  const char* given = std::getenv("REBUF_TEST_SEED");
  const std::uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : 1;
  MESSAGE(std::string(test) << ": repeat with REBUF_TEST_SEED=" << seed);
  return seed;
}

}  // namespace rebuf::daemon::ingest_test
