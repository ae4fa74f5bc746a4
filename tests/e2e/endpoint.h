// The receiving end of an HTTP sink, and its faults: a server on sockets of its own, because a
// well-behaved library cannot hang up in the middle of an answer. Writes down what it took. Any
// thread.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ledger.h"

namespace rebuf::e2e {

// What becomes of the next request.
enum class Manner : std::uint8_t {
  takes,             // written down, 200
  is_busy,           // 503 with Retry-After: 1
  throttles,         // 429 with Retry-After: 1
  fails,             // 500
  forbids,           // 403: the sink's trouble, not the message's
  hangs,             // read, then nothing until the manner changes; then the connection is reset
  resets,            // read, then the connection is reset
  takes_and_resets,  // written down, then reset: nobody can know that it was taken
  half_answers,      // written down, and reset in the middle of the answer's head
};
inline constexpr int manners = 9;
[[nodiscard]] const char* name_of(Manner manner);

// A value that holds it is refused for what it is, and all that travels with it.
inline constexpr std::string_view poison = "\"poison\"";

class Endpoint {
 public:
  Endpoint();  // on a port of its own; listens only after open()
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void open();
  // Connections are refused from now on, those that stand are reset.
  void close();
  void be(Manner manner);
  // The status for what holds `poison`, 400 at first; 200: it is taken.
  void answer_poison(int status);

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // Messages, in the order in which they came.
  [[nodiscard]] std::vector<Arrival> arrivals() const;
  // What arrived until now, as if it had not.
  void forget();
  // How often it was asked for its health (any GET): well while it takes, else 503.
  [[nodiscard]] std::size_t times_asked() const { return times_asked_; }
  // Until one more request was read whole, whatever becomes of it.
  void wait_for_request() const;
  // Messages taken of which the sender may not know it, however that came about: each may come
  // again. An answer is known to have come when another request follows it on its connection.
  [[nodiscard]] std::size_t unanswered() const;

 private:
  void accept_all(int listener);
  void serve(int connection);
  // What became of a request.
  struct Reply {
    bool whole = false;     // else the connection is to be reset
    std::size_t taken = 0;  // messages
  };
  Reply answer(int connection, const std::string& head, std::string_view body);
  // Writes its messages down, as unanswered; how many.
  std::size_t take(const std::string& head, std::string_view body);

  const std::uint16_t port_;
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;  // manner_, closing_, requests_
  Manner manner_ = Manner::takes;
  int poison_status_ = 400;
  bool closing_ = true;
  std::size_t requests_ = 0;
  std::atomic<std::size_t> times_asked_{0};
  std::vector<Arrival> arrivals_;
  std::list<int> connections_;  // open ones
  int listener_ = -1;
  std::size_t unanswered_ = 0;
  std::thread acceptor_;
  std::vector<std::thread> servers_;  // acceptor_ adds, close() joins
};

}  // namespace rebuf::e2e
