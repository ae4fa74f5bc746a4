// Keeps a drain from slowing down requests by more than a fifth. What they cost each other (the
// machine's cores, the disk, the route's lock) nobody can say beforehand, so it is measured: while
// requests come in, the drain now and then rests, and the rate at which they are accepted meanwhile
// is compared with the rate beside it. The more it slows them down, the longer it rests.
//
// Owned by the core, under the route's lock. No clock of its own.
#pragma once

#include <chrono>
#include <cstdint>

namespace rebuf::daemon {

class DrainTurns {
 public:
  using Time = std::chrono::steady_clock::time_point;

  // A drain begins, and knows nothing.
  void begin(Time now);
  // A request was accepted.
  void accepted() { ++requests_; }
  // Time goes on. `may_rest`: there is a backlog that can wait.
  void look(Time now, bool sink_is_empty, bool may_rest);
  // Whether messages may be submitted.
  [[nodiscard]] bool working() const { return turn_ == Turn::works; }

 private:
  enum class Turn : std::uint8_t {
    works,
    ends,   // the sink still has something to do
    rests,  // and requests are alone
  };
  struct Measured {
    double requests = 0;
    double seconds = 0;
    void add(std::uint64_t more, std::chrono::duration<double> time);
    void fade();
  };
  void work(Time now);
  void rest(Time now, bool sink_is_empty);
  [[nodiscard]] double share() const;
  [[nodiscard]] std::chrono::duration<double> least_rest() const;

  Turn turn_ = Turn::works;
  Time since_{};  // the turn; of `ends`: the work before it
  std::chrono::duration<double> length_{};
  std::uint64_t requests_ = 0;  // since then
  bool alone_now_ = false;      // of `rests`: the sink had nothing left to do
  Measured beside_, alone_;
};

}  // namespace rebuf::daemon
