// Compares what clients were told with what arrived: P1 no acknowledged loss, P2 order, P3
// duplicates only where nobody could know and where the first lies, and nothing altered or
// invented.
#pragma once

#include <cstddef>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "ledger.h"

namespace rebuf::e2e {

struct Verdict {
  // Each kind of violation with its first few cases, for a person. Empty: all promises were kept.
  std::string violations;
  std::size_t acknowledged = 0;    // rows
  std::size_t unacknowledged = 0;  // rows of sendings whose outcome is unknown
  std::size_t arrived = 0;         // messages, each once
  std::size_t replayed = 0;        // of these, from the log
  std::size_t duplicates = 0;      // further copies, by rebuf-id
};

// What the faults of a run explain.
struct Explained {
  std::size_t duplicates = 0;  // further copies
  // The sink itself may send again what was not answered; else only the log does.
  bool sink_repeats = false;
  // These need not arrive: they were acknowledged, then refused for what they are.
  std::set<Id> dead_letters{};
  // What was sent before may be gone: somebody removed the topic then.
  Clock::time_point topic_removed{};

  // So often the Kafka sink may have sent again what a broker had (Daemon::possible_repetitions).
  void allow_repetitions(std::size_t times, std::size_t most_at_once) {
    duplicates += times * most_at_once;
    sink_repeats = sink_repeats || times > 0;
  }
};

[[nodiscard]] Verdict check(std::span<const Sending> sendings, std::span<const Arrival> arrivals,
                            Explained explained);

}  // namespace rebuf::e2e
