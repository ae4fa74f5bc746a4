#include "tests/wal/sim/ledger.h"

#include <algorithm>
#include <charconv>

namespace rebuf::test {
namespace {

constexpr std::size_t digits = 6;

std::string short_name(const std::string& data) {
  return data.substr(0, digits) + " (" + std::to_string(data.size()) + " bytes)";
}

}  // namespace

std::string numbered(std::size_t number, std::size_t bytes) {
  std::string data = std::to_string(number);
  data.insert(0, digits - std::min(digits, data.size()), '0');
  // Runs of zero bytes and of a letter: what a torn write is easily mistaken for.
  for (std::size_t i = digits; i < bytes; ++i)
    data.push_back((i / 40 + number) % 3 == 0 ? '\0' : static_cast<char>('a' + number % 26));
  return data;
}

std::optional<std::uint64_t> number_of(std::string_view data) {
  std::uint64_t number = 0;
  if (data.size() < digits) return std::nullopt;
  const auto [end, error] = std::from_chars(data.data(), data.data() + digits, number);
  if (error != std::errc{} || end != data.data() + digits) return std::nullopt;
  return number;
}

std::optional<std::string> Ledger::contradiction(const std::vector<std::string>& found,
                                                 Moment cut) const {
  auto next = found.begin();
  for (const Entry& entry : entries) {
    const bool there = next != found.end() && *next == entry.data;
    if (there) ++next;
    if (there && (entry.refused || entry.began > cut))
      return "holds an entry that was refused: " + short_name(entry.data);
    if (there && entry.gone <= cut) return "a purged entry came back: " + short_name(entry.data);
    if (!there && entry.durable <= cut && entry.may_go > cut)
      return "an acknowledged entry is missing: " + short_name(entry.data) + ", instead " +
             (next == found.end() ? "the end" : short_name(*next));
  }
  if (next != found.end()) return "invented, repeated or out of order: " + short_name(*next);
  return std::nullopt;
}

std::optional<std::string> Ledger::contradiction(const CursorFound& found, Moment cut) const {
  if (found.how == CursorFound::How::none || found.how == CursorFound::How::fell_back) {
    const bool saved = std::any_of(cursors.begin(), cursors.end(),
                                   [&](const Saved& one) { return one.durable <= cut; });
    if (saved) return "the saved cursor is gone: " + found.reason;
    return std::nullopt;
  }
  for (auto saved = cursors.rbegin(); saved != cursors.rend(); ++saved) {
    if (saved->began <= cut && saved->cursor.user == found.cursor.user) return std::nullopt;
    if (saved->durable <= cut) return "an older cursor than the saved one";
  }
  return "an invented cursor";
}

std::size_t Ledger::promises(Moment cut) const {
  std::size_t count = 0;
  for (const Entry& entry : entries)
    for (const Moment moment : {entry.durable, entry.may_go, entry.gone})
      count += moment <= cut ? 1 : 0;
  for (const Saved& saved : cursors) count += saved.durable <= cut ? 1 : 0;
  return count;
}

Position Ledger::furthest(Moment cut) const {
  Position furthest;
  for (const Entry& entry : entries)
    if (entry.durable <= cut) furthest = std::max(furthest, entry.end);
  return furthest;
}

}  // namespace rebuf::test
