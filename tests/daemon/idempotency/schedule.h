// One random schedule of a KeyWindow: clients with keys, a route that answers, a log that a SIGKILL
// does not take, crashes between any two steps, time that passes and a wall clock that jumps. After
// each step it judges:
//
//   - who is answered 2xx is answered the same, whoever asks with that key while it is remembered;
//   - a remembered key is never forwarded again, and never with another body;
//   - nothing is remembered but what was answered 2xx by the route;
//   - nobody is answered twice, and nobody 2xx before the log has the record (but at its deadline);
//   - number and bytes of keys, and what the log must keep, are bounded.
//
// Everything follows from the seed.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "daemon/idempotency/key_window.h"
#include "tests/daemon/idempotency/clients.h"
#include "tests/daemon/route/sim/random.h"

namespace rebuf::daemon::idempotency_test {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

class Schedule {
 public:
  explicit Schedule(std::uint64_t seed);
  void run();  // throws Violation

  // What happened, so that a test can see that the schedules reach everything.
  std::map<std::string, std::uint64_t> seen;

 private:
  using Window = idempotency::KeyWindow;
  struct Asked {  // a client that has no answer yet
    std::string key, body;
    std::shared_ptr<Client> client;
  };
  struct Known {  // what a repeat must be told
    std::string key, body, answer;
    Clock::time_point until;
    bool in_log = false;
  };
  struct Logged {
    std::uint64_t number = 0;
    std::string record;
  };
  struct Forwarded {
    std::string key, body;
    std::optional<Answer> answer;  // as the route gave it
  };

  void step();
  void finish();
  void begin();
  void route_answers();
  void write();
  void expire_clients();
  void crash();
  void deliver(Window::Answers& answers, bool at_the_deadline = false);
  void note_crowded_out();
  void forget_old();
  void judge_bounds();
  [[nodiscard]] Known* known(const std::string& key);
  [[nodiscard]] Clock::time_point until_of(const idempotency::KeyRecord& record);
  [[nodiscard]] bool is_logged(const Known& entry) const;
  void remember(Known entry);

  sim::Random random_;
  const idempotency::KeyLimits limits_;
  std::unique_ptr<Window> window_;
  Clock::time_point now_{std::chrono::hours(1)};
  std::chrono::system_clock::time_point wall_{std::chrono::hours(400'000)};
  std::vector<Asked> asked_;
  std::map<std::string, Forwarded> forwarded_;  // running or unwritten, by key
  std::vector<std::string> unwritten_;          // their keys, as the window must write them
  std::vector<Logged> log_;
  std::vector<Known> known_;  // oldest first
  Clock::time_point last_until_{};
  std::uint64_t crowded_out_ = 0;
  std::uint32_t ids_ = 0;
};

}  // namespace rebuf::daemon::idempotency_test
