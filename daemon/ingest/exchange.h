// The request that is on a connection, from its head to its answer, as HTTP says and as routes see
// it. The bytes are its connection's. Owned by that, and touched by whoever has that; while it
// waits for memory, the memory gate writes `waiter_`.
//
// A request passes through: head -> [memory] -> body -> offered, or from any of the first three to
// refused.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/ingest/http_parser.h"
#include "daemon/ingest/ingest_request.h"
#include "daemon/ingest/memory_gate.h"
#include "daemon/ingest/patience.h"
#include "daemon/ingest/reply.h"
#include "daemon/ingest/request_headers.h"
#include "daemon/ingest/round.h"
#include "daemon/ingest/service.h"
#include "daemon/ingest/split.h"

namespace rebuf::daemon::ingest {

class Exchange {
 public:
  enum class Next : std::uint8_t {
    read,    // the rest of the request
    wait,    // until it is answered (connection.h), or the mailbox brings it: then resume()
    answer,  // with reply()
  };

  // `surplus`: its connection is over max_connections; the request gets a 503.
  Exchange(Service& service, Round& round, Patience& patience, Connection& connection,
           bool surplus);
  ~Exchange() { reset(); }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  // The head has come; `came`: the request's first byte.
  [[nodiscard]] Next begin(const Head& head, Clock::time_point came);
  void take(std::string_view piece);  // of the body, which may come in any pieces
  [[nodiscard]] Next end();           // the request has come whole
  [[nodiscard]] Next resume();
  void take_answer();  // the route's, into reply()
  // What came is no HTTP request, or no longer one: to be answered, in whatever phase.
  void reject(int status, std::string_view why);
  // What is still needed of the head is copied, for its bytes go.
  void keep_head();
  void reset();  // for the next one

  [[nodiscard]] bool expects_continue() const { return headers_.expects_continue; }
  [[nodiscard]] const Reply& reply() const { return reply_; }
  void count_reply() const;  // once, when it is sent
  // The answer goes out before the request has come whole, so the connection ends.
  [[nodiscard]] bool is_cut_short() const { return cut_short_; }

 private:
  enum class Phase : std::uint8_t { head, memory, body, offered, refused };

  // exchange_judge.cc: what can be said from the head alone.
  [[nodiscard]] std::optional<Reply> judge(const Head& head);
  [[nodiscard]] std::optional<Reply> judge_ingest(const Head& head);
  [[nodiscard]] std::optional<Reply> judge_form();
  [[nodiscard]] std::optional<Reply> judge_topic() const;
  [[nodiscard]] std::optional<Reply> judge_key();
  [[nodiscard]] Reply health() const;
  [[nodiscard]] Reply readiness() const;
  [[nodiscard]] std::vector<const Route*> routes_asked_for() const;

  Next refuse(Reply reply);
  [[nodiscard]] bool make_room(std::size_t size);
  void build(std::string_view body);
  [[nodiscard]] idempotency::Fingerprint fingerprint(std::string_view body) const;
  void offer();

  [[nodiscard]] std::uint64_t charge_for(std::uint64_t bytes, std::uint64_t messages) const;
  // The bytes to charge for a body of unknown length of which `size` bytes are known.
  [[nodiscard]] std::uint64_t room_for(std::uint64_t size) const;

  Service& service_;
  Round& round_;  // of the connection's thread, as is the patience
  Patience& patience_;
  Connection& connection_;
  const bool surplus_;
  std::uint32_t seen_in_ = 0;  // by patience_

  // Of the request:
  bool begun_ = false;
  bool cut_short_ = false;
  Phase phase_ = Phase::head;
  Clock::time_point came_;
  std::shared_ptr<const RouteTable> routes_;  // as they were when it began
  Target target_;                             // into routes_
  RequestHeaders headers_;
  std::string kept_head_;  // by keep_head()
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
  Reply reply_;
  std::shared_ptr<IngestRequest> request_;
};

}  // namespace rebuf::daemon::ingest
