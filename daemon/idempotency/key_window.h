// The keys of one route: which requests run, which were answered, and with what. Every decision
// about a key, and no I/O, no thread, no clock of its own: tests/daemon/idempotency drives this
// very object through random schedules with crashes between any two steps. docs/idempotency.md says
// what a client may rely on.
//
//   begin -> first:    running --answered, 2xx--> unwritten --written--> remembered --> forgotten
//                         |                         (the record is on its way to the log)
//                         '--answered otherwise--> forgotten: nothing was kept, a repeat is new
//
// A key is remembered exactly when its request was answered 2xx. Nobody is answered 2xx before the
// record was handed to the log, so whoever has the answer finds the key remembered after a SIGKILL.
// While a key is running or unwritten, repeats wait with the first and get its answer.
//
// Remembered keys are bounded by age, number and bytes; the oldest goes first. Those that are not
// remembered yet are bounded by the connections that wait for them.
//
// One owner calls everything under one lock, with a `now` that may go back a little.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "daemon/idempotency/key_record.h"

namespace rebuf::daemon::idempotency {

struct KeyLimits {
  Clock::duration age{};      // a key is remembered for so long after its answer
  std::size_t max_keys = 0;   // remembered ones; at least 1
  std::size_t max_bytes = 0;  // of them, about, in memory and in the log alike
};

class KeyWindow {
 public:
  using Time = Clock::time_point;
  using WallTime = std::chrono::system_clock::time_point;
  // What the caller tells whom, once it has let go of the lock.
  using Answers = std::vector<std::pair<std::shared_ptr<Request>, Answer>>;

  explicit KeyWindow(KeyLimits limits) : limits_(limits) {}

  // At the start: what the log holds, in its order. A record that is too old is passed over.
  // Returns its number; records are numbered in log order.
  std::uint64_t restore(const KeyRecord& record, Time now, WallTime wall);

  enum class Begun : std::uint8_t {
    first,       // unknown: the client's request goes to the route, and answered() follows
    joined,      // the first still runs: the client is answered with it
    repeated,    // remembered: the client is in `answers`
    other_body,  // the key belongs to another request
  };
  [[nodiscard]] Begun begin(std::string_view key, const Fingerprint& fingerprint,
                            const std::shared_ptr<Request>& client, Time now, Answers& answers);

  // What the route said of the first. A refusal goes to all who wait, at once; a 2xx waits for
  // written().
  void answered(std::string_view key, Answer answer, Answers& answers);

  [[nodiscard]] bool has_unwritten() const { return !unwritten_.empty(); }
  // The number of the first of them; the others follow it without a gap. Only when there is one.
  [[nodiscard]] std::uint64_t oldest_unwritten() const;
  // The records that are next to be written, `most` of them at most.
  [[nodiscard]] std::vector<std::string> unwritten(std::size_t most, WallTime wall) const;
  // The first `count` of these were written, or cannot be: now their clients are answered.
  void written(std::size_t count, Time now, Answers& answers);

  // Clients whose deadline has come: of a first that runs the route takes care; one that joined is
  // told that nobody knows yet; one that waits for a record has its answer without.
  void expire_clients(Time now, Answers& answers);

  // Records with lower numbers are needed no more.
  [[nodiscard]] std::uint64_t oldest_needed() const;

  [[nodiscard]] std::size_t remembered() const { return remembered_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  // Messages of repeats that were answered 2xx and not forwarded.
  [[nodiscard]] std::uint64_t suppressed() const { return suppressed_; }
  // Keys that went before their time, for others.
  [[nodiscard]] std::uint64_t crowded_out() const { return crowded_out_; }

 private:
  struct Client {
    std::shared_ptr<Request> request;
    std::size_t messages = 0;
    bool first = false;
  };
  struct Running {
    Fingerprint fingerprint{};
    std::vector<Client> clients;
    std::optional<Answer> answer;  // unwritten
    std::uint64_t number = 0;      // unwritten
  };
  struct Remembered {
    Fingerprint fingerprint{};
    std::string answer;  // encoded
    Time until;
    std::uint64_t number = 0;
  };
  // In the order of their records. The key stands in remembered_; when it has another number there,
  // a later record took its place.
  struct Place {
    std::uint64_t number = 0;
    std::string_view key;
  };

  [[nodiscard]] static std::size_t bytes_of(std::string_view key, std::string_view answer);
  void remember(std::string_view key, const Fingerprint& fingerprint, std::string answer,
                Time until, std::uint64_t number);
  void forget_old(Time now);
  void tell(const Client& client, const Answer& answer, Answers& answers);

  const KeyLimits limits_;
  std::unordered_map<std::string, Running> running_;
  std::deque<std::string_view> unwritten_;  // keys in running_, in the order of their numbers
  std::unordered_map<std::string, Remembered> remembered_;
  std::deque<Place> places_;
  std::size_t bytes_ = 0;
  std::uint64_t next_number_ = 1;
  Time last_until_{};  // `until` never falls along places_, whatever the wall clock did
  std::uint64_t suppressed_ = 0;
  std::uint64_t crowded_out_ = 0;
};

}  // namespace rebuf::daemon::idempotency
