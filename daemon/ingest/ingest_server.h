// The HTTP data plane of rebufd: takes requests in, cuts them into messages, offers them to their
// route and sends the route's answer. contracts: POST /ingest/R and /batch,
// GET /healthz, /readyz, /readyz/R.
//
// Owned by main, which also owns the memory budget, which must outlive it. start, quiesce and stop
// on one thread; the rest from any. What is durable is said by the
// routes: a 2xx goes out when Request::on_answer says so and never earlier.
//
// Threads: `http.threads` that serve connections (each stays on one), and the server's own: it
// accepts, and looks after requests that wait for memory. While few requests are under way their
// answers are sent by whoever has them, which spares waking a connection's thread.
//
// Why HTTP is taken apart by Boost.Beast's parser and the sockets are our own: a library that takes
// a connection out of its loop for each request that must wait, and puts it back, costs a third
// more.
#pragma once

#include <rebuf/status.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "config/config.h"
#include "daemon/ingest/ingest_routes.h"
#include "daemon/memory_budget.h"
#include "daemon/metrics_store.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

class IngestServer {
 public:
  // Code::locked: an address is in use. `log` gets what is no HTTP.
  static Result<std::unique_ptr<IngestServer>> start(const config::Http& http, IngestRoutes routes,
                                                     MemoryBudget& budget, sinks::Logger log);
  struct Impl;
  explicit IngestServer(std::unique_ptr<Impl> impl);  // only by start()
  ~IngestServer();                                    // stop()
  IngestServer(const IngestServer&) = delete;
  IngestServer& operator=(const IngestServer&) = delete;

  // Every request whose line is read from now on goes to these; connections stay, and a request
  // that has begun goes on to the route that it began with. Any thread.
  void serve(IngestRoutes routes);

  // Stops listening. Requests not yet offered to a route are answered 503 `stopping`; connections
  // stay. Returns at once.
  void quiesce();
  // From now on each answer is the last on its connection and says so (`Connection: close`).
  // Returns at once.
  void close_behind_answers();
  // Both, then waits until the routes have answered all that they were offered (by
  // request_timeout at the latest) and, for at most two seconds, until the answers are sent; then
  // closes all connections. No connection thread and no Request callback runs afterwards.
  void stop();

  // Answers by status code to requests that belong to no route.
  [[nodiscard]] const HttpCounts& unrouted_counts() const;
  [[nodiscard]] std::size_t open_connections() const;
  [[nodiscard]] std::vector<std::uint16_t> ports() const;  // as listened on; 0: a Unix socket

 private:
  std::unique_ptr<Impl> impl_;
};

}  // namespace rebuf::daemon
