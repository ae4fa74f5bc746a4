#include "tests/wal/model/sequence.h"

#include <algorithm>
#include <array>
#include <random>

#include "tests/wal/sim/ledger.h"

namespace rebuf::test {
namespace {

using Kind = Operation::Kind;

struct Weight {
  Kind kind;
  const char* name;
  double weight;
};
constexpr std::array weights = {
    Weight{Kind::write, "write", 20},
    Weight{Kind::write_batch, "write_batch", 8},
    Weight{Kind::append, "append", 12},
    Weight{Kind::replay, "replay", 5},
    Weight{Kind::replay_from, "replay_from", 3},
    Weight{Kind::stopped_replay, "stopped_replay", 2},
    Weight{Kind::read, "read", 10},
    Weight{Kind::seek, "seek", 2},
    Weight{Kind::sync, "sync", 3},
    Weight{Kind::seal, "seal", 4},
    Weight{Kind::purge, "purge", 1},
    Weight{Kind::purge_through, "purge_through", 5},
    Weight{Kind::save_cursor, "save_cursor", 4},
    Weight{Kind::reopen, "reopen", 4},
    Weight{Kind::refused, "refused", 2},
};

}  // namespace

Sequence random_sequence(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<double> by_kind;
  by_kind.reserve(weights.size());
  for (const Weight& one : weights) by_kind.push_back(one.weight);
  std::discrete_distribution<std::size_t> kind(by_kind.begin(), by_kind.end());
  Sequence sequence;
  const std::size_t length = 1 + random() % 60;
  // The first opens the log.
  sequence.push_back({Kind::reopen, static_cast<std::uint32_t>(random()), 0});
  while (sequence.size() < length)
    sequence.push_back({weights.at(kind(random)).kind, static_cast<std::uint32_t>(random()),
                        static_cast<std::uint32_t>(random())});
  return sequence;
}

Options options_from(std::uint32_t number) {
  std::mt19937 random(number);
  Options options;
  const auto one_of = [&](auto... values) {
    const std::array all = {values...};
    return all.at(random() % all.size());
  };
  options.max_log_size = one_of(13U, 50U, 200U, 1000U, 5000U);
  options.max_segments = one_of(1U, 2U, 4U, 100U);
  options.on_full = one_of(OnFull::drop_oldest, OnFull::refuse);
  options.sync_strategy =
      one_of(SyncStrategy::every_write, SyncStrategy::interval, SyncStrategy::manual);
  options.fsync_time = std::chrono::milliseconds(one_of(1, 1000));
  options.preallocate = one_of(0U, 0U, 100U, 4096U);
  if (one_of(true, false))
    options.ordinal_of = [](Bytes data) {
      return number_of({reinterpret_cast<const char*>(data.data()), data.size()});
    };
  return options;
}

Sequence shrunk(Sequence sequence, const std::function<bool(const Sequence&)>& fails) {
  for (std::size_t chunk = sequence.size() / 2; chunk > 0; chunk /= 2)
    for (std::size_t at = 1; at + chunk <= sequence.size();) {
      Sequence shorter = sequence;
      const auto from = shorter.begin() + static_cast<std::ptrdiff_t>(at);
      shorter.erase(from, from + static_cast<std::ptrdiff_t>(chunk));
      if (fails(shorter))
        sequence = std::move(shorter);
      else
        at += chunk;
    }
  return sequence;
}

std::string to_string(const Sequence& sequence) {
  std::string text = "{";
  for (const Operation& operation : sequence) {
    const auto* const found = std::find_if(weights.begin(), weights.end(), [&](const Weight& one) {
      return one.kind == operation.kind;
    });
    text += std::string("{Kind::") + found->name + ", " + std::to_string(operation.a) + ", " +
            std::to_string(operation.b) + "}, ";
  }
  return text + "}";
}

}  // namespace rebuf::test
