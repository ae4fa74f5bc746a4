// What clients, sink and disk of a schedule saw, and whether it keeps the promises P1-P3
// (docs/route.md). Told of every event as it happens; throws Violation at the first broken promise.
// Outlives the simulated process. Messages are known by a number that their value carries.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "daemon/request.h"

namespace rebuf::daemon::sim {

struct Violation : std::runtime_error {
  using std::runtime_error::runtime_error;
};

using Number = std::uint32_t;

class Judge {
 public:
  // A client offers a request of messages with these partitions; returns the first one's number.
  Number offered(const std::vector<std::uint32_t>& partitions);
  [[nodiscard]] std::uint32_t requests() const {
    return static_cast<std::uint32_t>(requests_.size());
  }
  void answered(std::uint32_t request, const Answer& answer);

  // The log.
  void stored(Number number) { ++messages_[number].copies; }
  enum class Why : std::uint8_t { done, dropped, damaged };
  void removed(Number number, Why why);
  void dead_lettered(Number number);
  // Out of the dead letters, behind what came later; then its old place there goes, while it may
  // lie there again.
  void comes_back(Number number);
  void came_back(Number number, bool dead_again);
  // The operator's configuration lets it go: on_full: drop_oldest, on_error: drop.
  void may_drop(Number number) { messages_[number].exempt = true; }

  // The sink.
  void taken(Number number);
  void maybe_repeated(Number number) { messages_[number].may_repeat = true; }

  // The process died. Messages whose every copy lay before the durable cursor must not come again.
  void crashed();
  void finished(Number number) { messages_[number].finished = true; }
  void poisoned(Number number) { messages_[number].poison = true; }
  // The sink takes what it refused before: it may come behind what was behind it.
  void forgiven();
  // The sink refuses it, goes on with what is behind it, and the operator wants it tried again.
  void may_come_late(Number number) { messages_[number].late = true; }
  void cursor_lost();  // the oldest entry instead: anything may come again

  // When everything has come to rest.
  void check_no_loss() const;
  void check_order() const;
  void check_all_answered() const;

  [[nodiscard]] std::uint32_t copies(Number number) const { return messages_[number].copies; }
  [[nodiscard]] bool is_dead(Number number) const { return messages_[number].dead; }
  [[nodiscard]] std::uint32_t partition(Number number) const { return messages_[number].partition; }
  [[nodiscard]] std::uint64_t damaged() const { return damaged_; }
  // How many messages were dropped from the log while nobody else had them: at least and at most
  // (a sink may have taken some without being able to say so).
  [[nodiscard]] std::pair<std::uint64_t, std::uint64_t> dropped() const;

 private:
  struct Message {
    std::uint32_t request = 0;
    std::uint32_t index = 0;
    std::uint32_t partition = 0;
    std::uint32_t copies = 0;  // that stand in the log, undamaged
    std::uint32_t deliveries = 0;
    bool safe = false;  // answered 2xx
    bool gone = false;  // answered as not kept
    bool dropped = false;
    bool exempt = false;      // damaged, or dropped as the operator told
    bool dead = false;        // durable in the dead letters
    bool may_repeat = false;  // nobody could know whether it was delivered
    bool finished = false;
    bool poison = false;    // the sink refuses it
    bool late = false;      // order does not hold for it
    bool replayed = false;  // out of the dead letters
  };
  struct Asked {
    Number first = 0;
    std::uint32_t count = 0;
    std::uint64_t offered = 0;   // the event's number
    std::uint64_t answered = 0;  // 0: not yet
    bool ok = false;
    bool died = false;  // the process died before it answered
  };
  std::vector<Message> messages_;
  std::vector<Asked> requests_;
  std::vector<std::vector<Number>> first_deliveries_;  // by partition
  std::uint64_t event_ = 0;
  std::uint64_t damaged_ = 0;  // entries
};

}  // namespace rebuf::daemon::sim
