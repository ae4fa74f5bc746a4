#include "endpoint.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <charconv>

namespace rebuf::sinks::test {
namespace {

sockaddr_in address_of(const char* host, int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  REQUIRE(::inet_pton(AF_INET, host, &address.sin_addr) == 1);
  return address;
}

// A listening socket, or with `backlog` < 0 one that only has its port; 0: the kernel chooses that.
Fd bound_socket(int& port, int backlog, const char* host = "127.0.0.1") {
  Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = address_of(host, port);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  REQUIRE(::bind(socket.get(), generic, size) == 0);
  REQUIRE(::getsockname(socket.get(), generic, &size) == 0);
  if (backlog >= 0) REQUIRE(::listen(socket.get(), backlog) == 0);
  port = ntohs(address.sin_port);
  return socket;
}

std::size_t content_length(const std::string& head) {
  const std::string_view name = "Content-Length: ";
  const std::size_t at = head.find(name);
  std::size_t length = 0;
  if (at != std::string::npos)
    std::from_chars(head.data() + at + name.size(), head.data() + head.size(), length);
  return length;
}

}  // namespace

Endpoint::Endpoint(Answerer answer, std::unique_ptr<httplib::Server> server)
    : server_(server ? std::move(server) : std::make_unique<httplib::Server>()) {
  const auto handler = [this, answer = std::move(answer)](const httplib::Request& request,
                                                          httplib::Response& response) {
    Seen seen{request.headers, request.target, request.body, request.remote_port};
    {
      const std::lock_guard lock(mutex_);
      seen_.push_back(seen);
    }
    answer(seen, response);
  };
  server_->Post(".*", handler);
  server_->Put(".*", handler);
  server_->Get(".*", handler);
  server_->new_task_queue = [] { return new httplib::ThreadPool(20); };
  server_->set_keep_alive_max_count(1'000'000);
  server_->set_tcp_nodelay(true);
  // Else a client that gets no processor for five seconds is hung up on.
  server_->set_keep_alive_timeout(patience.count());
  server_->set_read_timeout(patience);
  server_->set_write_timeout(patience);
  port_ = server_->bind_to_any_port("127.0.0.1");
  REQUIRE(port_ > 0);
  thread_ = std::thread([this] { server_->listen_after_bind(); });
  while (!server_->is_running()) std::this_thread::yield();
}

Endpoint::~Endpoint() {
  server_->stop();
  thread_.join();
}

std::vector<Seen> Endpoint::seen() const {
  const std::lock_guard lock(mutex_);
  return seen_;
}

std::vector<std::string> Endpoint::bodies() const {
  std::vector<std::string> bodies;
  for (const Seen& seen : seen()) bodies.push_back(seen.body);
  return bodies;
}

std::size_t Endpoint::connections() const {
  std::set<int> ports;
  for (const Seen& seen : seen()) ports.insert(seen.client_port);
  return ports.size();
}

bool Peer::gone(milliseconds after) {
  const auto deadline = in(after);
  while (!stopping_) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{.fd = socket_.get(), .events = POLLRDHUP, .revents = 0};
    const auto wait = std::min(left, milliseconds(20));  // then a look at stopping_
    if (::poll(&waiting, 1, static_cast<int>(wait.count())) > 0) return true;
  }
  return true;
}

void Peer::hang() {
  while (!gone(milliseconds(1000))) continue;
}

bool Peer::read_head(std::string& head) {
  while (unread_.find("\r\n\r\n") == std::string::npos) {
    char buffer[16384];
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (stopping_) return false;
    if (::poll(&waiting, 1, 20) == 0) continue;
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
  const std::size_t end = unread_.find("\r\n\r\n") + 4;
  head = unread_.substr(0, end);
  unread_.erase(0, end);
  return true;
}

bool Peer::read_request(std::string& head, std::string& body) {
  if (!read_head(head)) return false;
  const std::size_t length = content_length(head);
  while (unread_.size() < length) {
    char buffer[16384];
    const ssize_t got = ::recv(socket_.get(), buffer, sizeof(buffer), 0);
    if (got <= 0) return false;
    unread_.append(buffer, static_cast<std::size_t>(got));
  }
  body = unread_.substr(0, length);
  unread_.erase(0, length);
  return true;
}

void Peer::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t sent = ::send(socket_.get(), text.data(), text.size(), MSG_NOSIGNAL);
    if (sent <= 0) return;
    text.remove_prefix(static_cast<std::size_t>(sent));
  }
}

void Peer::answer(int status, const std::string& headers) {
  write("HTTP/1.1 " + std::to_string(status) + " X\r\nContent-Length: 0\r\n" + headers + "\r\n");
}

void Peer::reset() {
  const linger now{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &now, sizeof(now));
  socket_.close();
}

RawServer::RawServer(Serve serve) : listener_(bound_socket(port_, 64)), serve_(std::move(serve)) {
  accepting_ = std::thread([this] {
    while (true) {
      Fd socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
      if (!socket.valid()) break;
      threads_.emplace_back([this, number = threads_.size(),
                             peer = std::make_shared<Peer>(std::move(socket), stopping_)] {
        serve_(*peer, number);
        peer->close();
      });
    }
    for (std::thread& thread : threads_) thread.join();
  });
}

RawServer::~RawServer() {
  stopping_ = true;
  ::shutdown(listener_.get(), SHUT_RDWR);
  accepting_.join();
}

HttpSettings settings_for(const std::string& url, HttpFormat format) {
  HttpSettings settings;
  settings.name = "test";
  settings.url = url;
  settings.format = format;
  settings.timeout = patience;
  settings.retry_min = milliseconds(5);
  settings.retry_max = milliseconds(50);
  return settings;
}

std::unique_ptr<Sink> make_http(HttpSettings settings) {
  auto made = make_http_sink(
      std::move(settings), [](LogLevel, std::string_view) {}, nullptr);
  REQUIRE_MESSAGE(made.sink != nullptr, made.error);
  return std::move(made.sink);
}

ClosedPort::ClosedPort() : socket_(bound_socket(port_, -1)) {}

std::vector<Fd> full_listener(int& port, const char* host) {
  std::vector<Fd> sockets;
  sockets.push_back(bound_socket(port, 0, host));
  const sockaddr_in address = address_of(host, port);
  // A queue of 0 takes one; the second shows that there is no room any more.
  for (int i = 0; i < 2; ++i) {
    sockets.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    const int connected = ::connect(sockets.back().get(),
                                    reinterpret_cast<const sockaddr*>(&address), sizeof(address));
    REQUIRE((connected == 0 || errno == EINPROGRESS));
  }
  return sockets;
}

std::vector<std::string> lines_of(const std::string& body) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < body.size()) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    lines.push_back(body.substr(at, end - at));
    at = end + 1;
  }
  return lines;
}

}  // namespace rebuf::sinks::test
