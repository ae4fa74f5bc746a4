#include "daemon/route/lifetime.h"

#include <algorithm>
#include <cstdint>

namespace rebuf::daemon {
namespace {

constexpr std::uint64_t format = 2;
constexpr std::size_t words_beside_counters = 4;

// Every counter of Totals once, in a fixed order: what is encoded, decoded and added.
template <class T, class F>
void each_counter(T& totals, F&& visit) {
  visit(totals.accepted);
  visit(totals.recovered);
  visit(totals.delivered_direct);
  visit(totals.delivered_replay);
  for (auto& counter : totals.rejected) visit(counter);
  for (auto& counter : totals.dropped) visit(counter);
  for (auto& counter : totals.dead_lettered) visit(counter);
  visit(totals.accepted_bytes);
  for (auto& counter : totals.answered) visit(counter);
  visit(totals.recovered_dead_letters);
}

void put(std::vector<std::byte>& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift & 0xFF));
}

std::uint64_t get(std::span<const std::byte>& in) {
  std::uint64_t value = 0;
  for (const std::byte byte : in.first(8))
    value = value << 8 | std::to_integer<std::uint64_t>(byte);
  in = in.subspan(8);
  return value;
}

}  // namespace

std::vector<std::byte> encode(const Lifetime& lifetime) {
  std::vector<std::byte> out;
  put(out, format);
  put(out, (lifetime.exact ? 1U : 0U) | (lifetime.clean ? 2U : 0U));
  put(out, lifetime.waiting);
  put(out, lifetime.undated_before);
  each_counter(lifetime.totals, [&](const std::uint64_t& counter) { put(out, counter); });
  return out;
}

std::optional<Lifetime> decode_lifetime(std::span<const std::byte> bytes) {
  std::size_t counters = 0;
  Lifetime lifetime;
  each_counter(lifetime.totals, [&](std::uint64_t&) { ++counters; });
  if (bytes.size() != (words_beside_counters + counters) * 8 || get(bytes) != format)
    return std::nullopt;
  const std::uint64_t flags = get(bytes);
  lifetime.exact = (flags & 1) != 0;
  lifetime.clean = (flags & 2) != 0;
  lifetime.waiting = get(bytes);
  lifetime.undated_before = get(bytes);
  each_counter(lifetime.totals, [&](std::uint64_t& counter) { counter = get(bytes); });
  return lifetime;
}

Totals continued(const Lifetime& before, std::uint64_t found) {
  Totals totals = before.totals;
  // May wrap below zero here; with what the new process recovered it does not.
  totals.recovered -= std::min(before.waiting, found);
  if (before.waiting > found) {
    const auto reason = before.clean ? DropReason::damaged : DropReason::unanswered;
    totals.dropped[static_cast<std::size_t>(reason)] += before.waiting - found;
  }
  return totals;
}

Totals sum(const Totals& a, const Totals& b) {
  Totals result = a;
  std::vector<std::uint64_t> addends;
  each_counter(b, [&](const std::uint64_t& counter) { addends.push_back(counter); });
  auto next = addends.begin();
  each_counter(result, [&](std::uint64_t& counter) { counter += *next++; });
  return result;
}

}  // namespace rebuf::daemon
