// One client connection and the request that is on it. Made when libmicrohttpd accepts, destroyed
// when it closes. All but the Watch belongs to the connection's thread, that of its
// HttpDaemon; while the connection is suspended for memory, the memory gate writes `waiter_`.
//
// A request passes through: headers -> [memory] -> body -> offered, or from any of the first three
// to refused. libmicrohttpd calls on_call() once for the headers, for each piece of the body, once
// at the end, and again after each suspension in the state it was suspended in.
#pragma once

#include <microhttpd.h>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ingest/ingest_request.h"
#include "daemon/ingest/mailbox.h"
#include "daemon/ingest/memory_gate.h"
#include "daemon/ingest/patience.h"
#include "daemon/ingest/reply.h"
#include "daemon/ingest/request_headers.h"
#include "daemon/ingest/round.h"
#include "daemon/ingest/service.h"
#include "daemon/ingest/split.h"

namespace rebuf::daemon::ingest {

// What the server's thread watches of a connection.
struct Watch {
  enum class Stage : std::uint8_t { idle, receiving, held, answering };
  std::atomic<Stage> stage{Stage::idle};
  std::atomic<Clock::rep> started{0};     // of the request: its first byte
  std::atomic<Clock::rep> first_byte{0};  // seen by the server's thread before libmicrohttpd told
  std::atomic<std::uint64_t> served{0};   // requests begun
  std::size_t place = 0;                  // in the table, under its lock
  // The server thread's own, while idle:
  std::uint64_t probed_served = 0;
  std::uint64_t probed_bytes = 0;
  Clock::time_point idle_since;
};

class Connection {
 public:
  // `surplus`: over max_connections; its first request gets a 503 and it is closed.
  Connection(Service& service, Mailbox& mailbox, Round& round, Patience& patience,
             MHD_Connection* connection, int fd, bool surplus);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void on_begin();  // a request line has come
  MHD_Result on_call(std::string_view url, std::string_view method, std::string_view piece);
  void on_completed();  // answered, or the client is gone

  [[nodiscard]] int fd() const { return fd_; }
  Watch watch;

 private:
  enum class Phase : std::uint8_t { headers, memory, body, offered, refused };

  // connection_judge.cc: what can be said from the headers alone.
  [[nodiscard]] std::optional<Reply> judge(std::string_view url, std::string_view method);
  [[nodiscard]] std::optional<Reply> judge_ingest(std::string_view method);
  [[nodiscard]] std::optional<Reply> judge_form();
  [[nodiscard]] std::optional<Reply> judge_topic() const;
  [[nodiscard]] std::optional<Reply> judge_key();
  [[nodiscard]] Reply health() const;
  [[nodiscard]] Reply readiness() const;
  [[nodiscard]] std::vector<const Route*> routes_asked_for() const;

  MHD_Result at_headers(std::string_view url, std::string_view method);
  MHD_Result after_memory();
  MHD_Result refuse(Reply reply);
  void take(std::string_view piece);
  [[nodiscard]] bool make_room(std::size_t size);
  void build(std::string_view body);
  [[nodiscard]] idempotency::Fingerprint fingerprint(std::string_view body) const;
  void offer();
  MHD_Result finish();
  MHD_Result send(const Reply& reply);

  [[nodiscard]] std::uint64_t charge_for(std::uint64_t bytes, std::uint64_t messages) const;
  // The bytes to charge for a body of unknown length of which `size` bytes are known.
  [[nodiscard]] std::uint64_t room_for(std::uint64_t size) const;
  [[nodiscard]] Clock::time_point started() const {
    return Clock::time_point(Clock::duration(watch.started.load(std::memory_order_relaxed)));
  }

  Service& service_;
  Mailbox& mailbox_;  // of the connection's thread, as are the round and the patience
  Round& round_;
  Patience& patience_;
  MHD_Connection* const connection_;
  const int fd_;
  const bool surplus_;
  bool linger_ = false;        // answered before the request had come whole
  std::uint32_t seen_in_ = 0;  // by patience_

  // Of the request:
  Phase phase_ = Phase::headers;
  std::shared_ptr<const RouteTable> routes_;  // as they were when it began
  Target target_;                             // into routes_
  RequestHeaders headers_;
  Form form_ = Form::single;
  std::string packed_headers_;
  // With an Idempotency-Key.
  struct Keyed {
    std::string key;
    idempotency::Fingerprint fingerprint{};
  };
  std::unique_ptr<Keyed> keyed_;
  MemoryGate::Waiter waiter_;  // holds the charge too
  std::string body_;
  std::optional<Reply> reply_;
  std::shared_ptr<IngestRequest> request_;
};

}  // namespace rebuf::daemon::ingest
