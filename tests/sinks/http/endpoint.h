// Real HTTP servers for the tests of the HTTP sink: one that answers as a function says, and one
// that does with each connection what a function says, be it no HTTP at all. Ports are the kernel's
// choice.
#pragma once

#include <doctest/doctest.h>
#include <httplib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "sinks/fd.h"
#include "sinks/http/http_sink.h"
#include "tests/sinks/recorder.h"

namespace rebuf::sinks::test {

// What an Endpoint got.
struct Seen {
  httplib::Headers headers;
  std::string target;
  std::string body;
  int client_port = 0;  // tells connections apart
  [[nodiscard]] std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

using Answerer = std::function<void(const Seen&, httplib::Response&)>;

// cpp-httplib's server. It calls `answer` on its threads, several at a time.
class Endpoint {
 public:
  explicit Endpoint(Answerer answer, std::unique_ptr<httplib::Server> server = nullptr);
  ~Endpoint();
  [[nodiscard]] std::string url(const std::string& target = "/in") const {
    return "http://127.0.0.1:" + std::to_string(port_) + target;
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::vector<Seen> seen() const;
  // The bodies in the order in which they came.
  [[nodiscard]] std::vector<std::string> bodies() const;
  [[nodiscard]] std::size_t connections() const;

 private:
  std::unique_ptr<httplib::Server> server_;
  int port_ = 0;
  mutable std::mutex mutex_;
  std::vector<Seen> seen_;
  std::thread thread_;
};

// One accepted connection of a RawServer.
class Peer {
 public:
  Peer(Fd socket, const std::atomic<bool>& stopping)
      : socket_(std::move(socket)), stopping_(stopping) {}
  // The next request's head and body. False: the client has gone.
  bool read_request(std::string& head, std::string& body);
  bool read_head(std::string& head);
  void write(std::string_view text);
  // An answer with an empty body.
  void answer(int status, const std::string& headers = "");
  void reset();  // RST
  void close() { socket_.close(); }
  // Until the client has gone or the server stops.
  void hang();
  // The client has gone, or the server stops.
  [[nodiscard]] bool gone(milliseconds after);

 private:
  Fd socket_;
  std::string unread_;
  const std::atomic<bool>& stopping_;
};

class RawServer {
 public:
  // `serve` is called for each connection, numbered from 0, in a thread of its own.
  using Serve = std::function<void(Peer&, std::size_t connection)>;
  explicit RawServer(Serve serve);
  ~RawServer();
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/in";
  }

 private:
  int port_ = 0;
  Fd listener_;
  const Serve serve_;
  std::atomic<bool> stopping_ = false;
  std::vector<std::thread> threads_;  // the accepting thread's, until it ends
  std::thread accepting_;
};

// Settings that retry quickly, with a time-out that only what hangs reaches.
[[nodiscard]] HttpSettings settings_for(const std::string& url,
                                        HttpFormat format = HttpFormat::ndjson);
[[nodiscard]] std::unique_ptr<Sink> make_http(HttpSettings settings);
// A port that nobody listens on, nor can while it lives.
class ClosedPort {
 public:
  ClosedPort();
  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(port_) + "/in";
  }

 private:
  int port_ = 0;
  Fd socket_;
};
// A listener that leaves connects unanswered, for as long as what is returned lives. Its port is
// the given one; 0: the kernel's choice.
[[nodiscard]] std::vector<Fd> full_listener(int& port, const char* host = "127.0.0.1");
[[nodiscard]] std::vector<std::string> lines_of(const std::string& body);

// A sink with one channel.
struct Hook {
  explicit Hook(HttpSettings settings)
      : sink(make_http(std::move(settings))),
        channel(sink->attach({.route = "r", .topic = "t"}, recorder)) {}
  void submit(const Messages& messages) {
    REQUIRE(channel->submit(messages.list) == messages.list.size());
  }
  // Submits one by one, each when the one before is reported: so each travels alone.
  void submit_each(const Messages& messages) {
    for (const OutMessage& message : messages.list) {
      REQUIRE(channel->submit({&message, 1}) == 1);
      recorder.wait("its report", [&] { return recorder.by_token.contains(message.token); });
    }
  }
  Recorder recorder;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Channel> channel;
};

}  // namespace rebuf::sinks::test
