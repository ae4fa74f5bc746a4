// The requests that came whole while a connection thread served what was ready: each route is
// offered its own together, so that it takes its lock once for all of them, and so that they travel
// to the sink close behind each other, in few large batches.
//
// Owned by the thread, and touched by it alone. Each connection in it waits, so that it and its
// route are still there.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

#include "daemon/ingest/ingest_request.h"
#include "daemon/route.h"

namespace rebuf::daemon::ingest {

class Round {
 public:
  void add(Route& route, std::shared_ptr<IngestRequest> request);
  // One that its route has already, to be parked with the others: its connection is still at work.
  void add_offered(std::shared_ptr<IngestRequest> request);
  // So that the next one can be added, and offered, without more memory.
  void make_room();
  [[nodiscard]] bool empty() const { return requests_.empty(); }
  // Whether more may join it: what keeps coming must not keep waiting what has come.
  [[nodiscard]] bool open(Clock::time_point now) const { return now - begun_ < longest; }
  // Offers them, and parks them all; it is empty then.
  void offer();

 private:
  void push(Route* route, std::shared_ptr<IngestRequest> request);

  static constexpr std::chrono::milliseconds longest{1};
  struct Offered {
    Route* route;  // null: it is offered already
    std::shared_ptr<IngestRequest> request;
  };
  std::vector<Offered> requests_;
  std::vector<std::shared_ptr<Request>> together_;  // scratch
  Clock::time_point begun_;
};

}  // namespace rebuf::daemon::ingest
