// One client connection: the bytes that come and go on it, and the request that is on it now.
// Requests that are pipelined behind it wait until it is answered.
//
// Owned by its connection thread, and touched by that alone; but while its request is parked
// (ingest_request.h), by the one thread that answers it. Its own thread then only stops watching
// the socket, and says so in `stage_`; `place` and `watched_` are always that thread's.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "daemon/ingest/exchange.h"
#include "daemon/ingest/http_parser.h"
#include "daemon/ingest/mailbox.h"
#include "daemon/ingest/patience.h"
#include "daemon/ingest/response.h"
#include "daemon/ingest/round.h"
#include "daemon/ingest/service.h"
#include "sinks/fd.h"
#include "sinks/sink.h"

namespace rebuf::daemon::ingest {

// Of one thread; the text for the time of a call.
struct Outgoing {
  std::string text;
  DateText date;
};

// What the connections of one thread share. Owned by the thread; outlives its connections.
struct ThreadParts {
  ThreadParts(Service& service_in, const sinks::Logger& log_in)
      : service(service_in), log(log_in) {}

  Service& service;
  const sinks::Logger& log;
  sinks::Fd epoll;
  Mailbox mailbox;
  Round round;
  Patience patience;
  Clock::time_point now;  // when the thread has last looked for events
  // For the time of a call:
  std::array<char, 256U << 10> in{};
  Outgoing out;
  Head head;
};

class Connection {
 public:
  // Watches the socket for the thread; `surplus`: over max_connections, its first request gets a
  // 503 and it ends.
  Connection(ThreadParts& thread, sinks::Fd socket, bool surplus);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // False when the connection has ended, and is to be destroyed:
  [[nodiscard]] bool on_ready();    // the socket can be read, or written
  [[nodiscard]] bool on_resumed();  // the mailbox has brought it
  // After an exception in one of these: false when it is to be destroyed at once. Else somebody has
  // its request still, and on_resumed() will say so.
  [[nodiscard]] bool on_failure();
  // The thread that answers the parked request: sends the answer, or has the mailbox bring the
  // connection, so that it is sent, or that is done which follows it. The connection may be gone
  // afterwards.
  void on_answered(const Answer& answer) noexcept;
  void put_into_mailbox() { thread_.mailbox.put(this); }  // any thread, while the request waits
  // Whether it is idle for too long, or its request or answer takes too long.
  [[nodiscard]] bool is_late(Clock::time_point now) const;

  std::size_t place = 0;  // among the thread's

 private:
  // held: the request is with its route, or waits for memory; held_unwatched: and the socket is not
  // watched, for something has come that must wait.
  enum class Stage : std::uint8_t { idle, receiving, held, held_unwatched, sending };

  [[nodiscard]] bool leaves_it_for_later();
  [[nodiscard]] bool receive();
  [[nodiscard]] Exchange::Next take(std::string_view& bytes);
  [[nodiscard]] Exchange::Next take_head(std::string_view& bytes);
  [[nodiscard]] Exchange::Next take_body(std::string_view& bytes);
  [[nodiscard]] Exchange::Next reject(int status, std::string_view why);
  // The rest give false when the connection has ended.
  [[nodiscard]] bool go_on(Exchange::Next next, std::string_view bytes);
  [[nodiscard]] bool go_on_with_kept(std::string_view more);
  void hold();
  [[nodiscard]] bool send_continue();
  [[nodiscard]] bool send_answer();
  [[nodiscard]] bool send_rest();
  [[nodiscard]] bool settle();
  [[nodiscard]] bool settle_and_go_on();
  void compose(Outgoing& out);
  void send(std::string_view answer);
  void finish(Clock::time_point now);
  void watch(std::uint32_t events);

  ThreadParts& thread_;
  sinks::Fd socket_;
  const bool surplus_;
  std::atomic<Stage> stage_ = Stage::idle;
  Clock::time_point since_;       // of being idle, or of the request: its first byte
  std::uint32_t watched_ = 0;     // events, in epoll
  bool parsed_head_ = false;      // the request's head has come
  bool continue_is_due_ = false;  // its sender waits for leave to send the body
  bool http_1_1_ = true;          // as it came
  bool no_body_ = false;          // of its answer
  bool ends_ = false;             // behind the answer
  bool lingers_ = false;          // then: the client may be sending, and must see the answer
  bool failed_ = false;           // it cannot go on
  bool sent_ = false;             // the last answer, or some of it, by on_answered()
  std::string kept_;              // what has come and is still to be looked at
  std::string unsent_;            // the rest of the answer
  HttpParser parser_;
  Exchange exchange_;
};

}  // namespace rebuf::daemon::ingest
