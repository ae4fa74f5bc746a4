#include "check.h"

#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>
#include <utility>

namespace rebuf::e2e {
namespace {

struct IdHash {
  std::size_t operator()(const Id& id) const {
    return std::hash<std::uint64_t>()(id.prefix ^ (id.number * 0x9E3779B97F4A7C15U));
  }
};

// Violations by kind: how many, and the first few.
class Violations {
 public:
  void add(const std::string& kind, const std::string& which, std::size_t cases = 1) {
    Kind& found = kinds_[kind];
    found.count += cases;
    if (++found.told <= examples) found.which += "\n    " + which;
  }
  [[nodiscard]] std::string text() const {
    std::string all;
    for (const auto& [kind, found] : kinds_)
      all += kind + ": " + std::to_string(found.count) + found.which + "\n";
    return all;
  }

 private:
  static constexpr std::size_t examples = 4;
  struct Kind {
    std::size_t count = 0;
    std::size_t told = 0;
    std::string which;
  };
  std::map<std::string, Kind> kinds_;
};

// A row of a sending.
struct Row {
  const Sending* sending = nullptr;
  std::size_t index = 0;
  [[nodiscard]] std::string text() const {
    return "row " + std::to_string(index) + " of sending " + sending->name.text();
  }
};

class Comparison {
 public:
  Comparison(std::span<const Sending> sendings, std::span<const Arrival> arrivals,
             Explained explained)
      : sendings_(sendings), arrivals_(arrivals), explained_(explained) {}

  Verdict run() {
    know_acknowledged();
    know_unacknowledged();
    for (const Arrival& arrival : arrivals_) take(arrival);
    find_lost();
    if (verdict_.duplicates > explained_.duplicates)
      violations_.add("more duplicates than the faults explain",
                      std::to_string(verdict_.duplicates) + " where " +
                          std::to_string(explained_.duplicates) + " may be");
    verdict_.violations = violations_.text();
    return verdict_;
  }

 private:
  // Ids of acknowledged rows come from the answers.
  void know_acknowledged() {
    std::map<std::uint32_t, const Sending*> last_of_client;
    for (const Sending& sending : sendings_) {
      by_name_[sending.name] = &sending;
      if (!sending.acknowledged()) continue;
      verdict_.acknowledged += sending.rows.size();
      if (sending.first_id.plus(sending.rows.size() - 1) != sending.last_id)
        violations_.add("answer with other ids than it has rows", sending.name.text());
      for (std::size_t i = 0; i < sending.rows.size(); ++i)
        if (!acknowledged_.emplace(sending.first_id.plus(i), Row{&sending, i}).second)
          violations_.add("id given twice", sending.first_id.plus(i).text());
      const Sending*& last = last_of_client[sending.name.client];
      if (last != nullptr && sending.first_id <= last->last_id)
        violations_.add("ids of a client's answers do not rise",
                        last->name.text() + ", " + sending.name.text());
      last = &sending;
    }
  }

  // Of the others the first row's id is the smallest that arrived under the sending's name.
  void know_unacknowledged() {
    for (const Sending& sending : sendings_)
      if (sending.outcome == Outcome::unknown) verdict_.unacknowledged += sending.rows.size();
    for (const Arrival& arrival : arrivals_) {
      if (!arrival.sent_as || acknowledged_.contains(arrival.id)) continue;
      const auto [at, first_seen] = first_id_of_.emplace(*arrival.sent_as, arrival.id);
      if (!first_seen) at->second = std::min(at->second, arrival.id);
    }
  }

  [[nodiscard]] std::optional<Row> row_of(const Arrival& arrival) const {
    if (const auto at = acknowledged_.find(arrival.id); at != acknowledged_.end())
      return at->second;
    if (!arrival.sent_as) return std::nullopt;
    const auto sending = by_name_.find(*arrival.sent_as);
    if (sending == by_name_.end() || sending->second->outcome != Outcome::unknown)
      return std::nullopt;
    const std::uint64_t index = arrival.id.number - first_id_of_.at(*arrival.sent_as).number;
    if (index >= sending->second->rows.size()) return std::nullopt;
    return Row{sending->second, index};
  }

  // Told as runs of rows: how much of a request is gone tells where to look.
  void find_lost() {
    for (const Sending& sending : sendings_) {
      if (!sending.acknowledged() || sending.begin < explained_.topic_removed) continue;
      std::size_t run = 0;
      for (std::size_t i = 0; i <= sending.rows.size(); ++i) {
        if (i < sending.rows.size() && is_lost(sending.first_id.plus(i))) {
          ++run;
        } else if (run > 0) {
          violations_.add("lost", lost_rows(sending, i - run, i - 1), run);
          run = 0;
        }
      }
    }
  }

  [[nodiscard]] bool is_lost(const Id& id) const {
    return !first_copies_.contains(id) && !explained_.dead_letters.contains(id);
  }

  [[nodiscard]] std::string lost_rows(const Sending& sending, std::size_t first,
                                      std::size_t last) const {
    const auto ms = [&](Clock::time_point time) {
      return std::to_string(
          std::chrono::duration_cast<std::chrono::milliseconds>(time - sendings_.front().begin)
              .count());
    };
    return "rows " + std::to_string(first) + " to " + std::to_string(last) + " of " +
           std::to_string(sending.rows.size()) + " of sending " + sending.name.text() + ", from " +
           sending.first_id.plus(first).text() + ", answered " + std::to_string(sending.status) +
           ", sent at " + ms(sending.begin) + " ms, answered at " + ms(sending.end) + " ms";
  }

  void take(const Arrival& arrival) {
    const auto [at, is_first] = first_copies_.emplace(arrival.id, &arrival);
    if (!is_first) return take_copy(arrival, *at->second);
    ++verdict_.arrived;
    if (arrival.replayed) ++verdict_.replayed;
    const std::optional<Row> row = row_of(arrival);
    if (!row) {
      violations_.add("arrived, though nobody sent it or it was refused",
                      arrival.id.text() + ": " + arrival.value);
      return;
    }
    if (arrival.value != row->sending->rows[row->index] ||
        (arrival.sent_as && *arrival.sent_as != row->sending->name))
      violations_.add("altered", row->text() + ", " + arrival.id.text() + ": " + arrival.value);
    take_order(arrival, *row);
  }

  // What was not answered may be late: a frozen broker takes it after rebufd has died and later
  // rows have come. It has an order of its own, and nothing answered may come behind it.
  void take_order(const Arrival& arrival, const Row& row) {
    Id& last_here = last_in_stream_[arrival.stream];
    Id& last_before = row.sending->acknowledged()
                          ? last_here
                          : last_of_sending_[{row.sending->name, arrival.stream}];
    if (arrival.id.prefix == last_before.prefix && arrival.id < last_before)
      violations_.add("out of order",
                      row.text() + ", " + arrival.id.text() + " after " + last_before.text());
    last_before = std::max(last_before, arrival.id);
    last_here = std::max(last_here, arrival.id);
  }

  void take_copy(const Arrival& copy, const Arrival& first) {
    ++verdict_.duplicates;
    if (copy.value != first.value) violations_.add("altered copy", copy.id.text());
    if (copy.stream != first.stream)
      violations_.add("copy in another partition than the first", copy.id.text());
    // A frozen broker may take the direct copy after the replayed one.
    if (!copy.replayed && !first.replayed && !explained_.sink_repeats)
      violations_.add("two copies and none is from the log", copy.id.text());
  }

  std::span<const Sending> sendings_;
  std::span<const Arrival> arrivals_;
  Explained explained_;
  std::map<SendingName, const Sending*> by_name_;
  std::unordered_map<Id, Row, IdHash> acknowledged_;
  std::map<SendingName, Id> first_id_of_;
  std::unordered_map<Id, const Arrival*, IdHash> first_copies_;
  std::map<std::int32_t, Id> last_in_stream_;
  std::map<std::pair<SendingName, std::int32_t>, Id> last_of_sending_;
  Violations violations_;
  Verdict verdict_;
};

}  // namespace

Verdict check(std::span<const Sending> sendings, std::span<const Arrival> arrivals,
              Explained explained) {
  return Comparison(sendings, arrivals, explained).run();
}

}  // namespace rebuf::e2e
