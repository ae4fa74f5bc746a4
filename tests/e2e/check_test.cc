// The judge is judged: each violation that a run could show is planted once and must be found.
#include "check.h"

#include <doctest/doctest.h>

#include <algorithm>

namespace rebuf::e2e {
namespace {

Sending sending(std::uint32_t client, std::uint64_t number, Outcome outcome, std::uint64_t id,
                std::vector<std::string_view> rows_in) {
  Sending made;
  made.name = {client, number};
  made.rows = std::move(rows_in);
  made.outcome = outcome;
  if (made.acknowledged()) {
    made.first_id = {7, id};
    made.last_id = made.first_id.plus(made.rows.size() - 1);
  }
  return made;
}

Arrival arrival(std::uint64_t id, SendingName sent_as, std::string value) {
  return {
      .stream = 0, .id = {7, id}, .replayed = false, .sent_as = sent_as, .value = std::move(value)};
}

// Two acknowledged sendings, one whose connection broke after it was taken, one refused.
struct Run {
  std::vector<Sending> sendings{sending(1, 1, Outcome::delivered, 10, {"a", "b"}),
                                sending(1, 2, Outcome::unknown, 0, {"c", "d"}),
                                sending(1, 3, Outcome::refused, 0, {"e"}),
                                sending(1, 4, Outcome::buffered, 14, {"f"})};
  std::vector<Arrival> arrivals{arrival(10, {1, 1}, "a"), arrival(11, {1, 1}, "b"),
                                arrival(12, {1, 2}, "c"), arrival(13, {1, 2}, "d"),
                                arrival(14, {1, 4}, "f")};
  Explained explained;

  [[nodiscard]] Verdict verdict() const { return check(sendings, arrivals, explained); }
  // The kinds of violation that were found, without their examples.
  [[nodiscard]] std::string found() const {
    const std::string text = verdict().violations;
    return text.substr(0, text.find(':'));
  }
  void copy_last() {
    arrivals.push_back(arrivals.back());
    arrivals.back().replayed = true;
  }
};

TEST_CASE("a run without a fault has no violation, and its rows are counted") {
  const Verdict verdict = Run().verdict();
  CHECK(verdict.violations.empty());
  CHECK(verdict.acknowledged == 3);
  CHECK(verdict.unacknowledged == 2);
  CHECK(verdict.arrived == 5);
  CHECK(verdict.duplicates == 0);
}

TEST_CASE("an acknowledged row that did not arrive is lost") {
  Run run;
  run.arrivals.erase(run.arrivals.begin() + 1);
  CHECK(run.found() == "lost");
}

TEST_CASE(
    "what lies in the dead letters, or was sent before its topic was removed, may be missing") {
  Run run;
  run.arrivals.erase(run.arrivals.begin() + 1);
  run.explained.dead_letters = {{7, 10}};
  CHECK(run.found() == "lost");
  run.explained.dead_letters = {{7, 11}};
  CHECK(run.found().empty());
  run.explained.dead_letters.clear();
  const auto now = Clock::now();
  for (Sending& sending : run.sendings) sending.begin = now;
  run.explained.topic_removed = now;
  CHECK(run.found() == "lost");
  run.explained.topic_removed = now + std::chrono::seconds(1);
  CHECK(run.found().empty());
}

TEST_CASE("of a sending without an answer a part or nothing may arrive") {
  Run run;
  run.arrivals.erase(run.arrivals.begin() + 3);
  CHECK(run.found().empty());
  run.arrivals.erase(run.arrivals.begin() + 2);
  CHECK(run.found().empty());
}

TEST_CASE("of a sending without an answer the end without the beginning must not arrive") {
  Run run;
  run.arrivals.erase(run.arrivals.begin() + 2);
  CHECK(run.found() == "altered");
}

TEST_CASE("two rows that changed places are out of order, in one stream only") {
  Run run;
  std::swap(run.arrivals[0], run.arrivals[1]);
  CHECK(run.found() == "out of order");
  run.arrivals[0].stream = 1;
  CHECK(run.found().empty());
}

TEST_CASE("what was not answered may come late, and still nothing answered comes behind it") {
  Run run;
  std::rotate(run.arrivals.begin() + 2, run.arrivals.begin() + 4, run.arrivals.end());
  CHECK(run.found().empty());  // 12 and 13 behind 14
  std::swap(run.arrivals[3], run.arrivals[4]);
  CHECK(run.found() == "out of order");
  run = Run();
  std::swap(run.arrivals[1], run.arrivals[2]);
  CHECK(run.found() == "out of order");  // 11, which was answered, behind 12
}

TEST_CASE("another value or another sending's name is altered") {
  Run run;
  run.arrivals[1].value = "B";
  CHECK(run.found() == "altered");
  run = Run();
  run.arrivals[1].sent_as = SendingName{1, 4};
  CHECK(run.found() == "altered");
}

TEST_CASE("a copy needs an explanation, the log as its origin and the same value") {
  Run run;
  run.copy_last();
  CHECK(run.found() == "more duplicates than the faults explain");
  run.explained.duplicates = 1;
  CHECK(run.found().empty());
  CHECK(run.verdict().duplicates == 1);
  run.arrivals.back().replayed = false;
  CHECK(run.found() == "two copies and none is from the log");
  run.explained.sink_repeats = true;
  CHECK(run.found().empty());
  run.explained.sink_repeats = false;
  run.arrivals.front().replayed = run.arrivals[4].replayed = true;
  CHECK(run.found().empty());
  run.arrivals.back().replayed = true;
  run.arrivals.back().value = "F";
  CHECK(run.found() == "altered copy");
}

TEST_CASE("a refused row that arrives is told, as is one that nobody sent") {
  Run run;
  run.arrivals.push_back(arrival(20, {1, 3}, "e"));
  CHECK(run.found() == "arrived, though nobody sent it or it was refused");
  run.arrivals.back() = arrival(20, {9, 9}, "x");
  CHECK(run.found() == "arrived, though nobody sent it or it was refused");
}

TEST_CASE("an id that two answers name, or that falls, is told") {
  Run run;
  run.sendings[3].first_id = run.sendings[3].last_id = {7, 11};
  CHECK(run.verdict().violations.find("id given twice") != std::string::npos);
  run = Run();
  run.sendings[3].first_id = run.sendings[3].last_id = {7, 5};
  CHECK(run.verdict().violations.find("do not rise") != std::string::npos);
}

TEST_CASE("ids and sendings' names are read back from their text") {
  const Id id{0x0123456789abcdef, 0xfedcba9876543210};
  CHECK(Id::parse(id.text()) == id);
  CHECK_FALSE(Id::parse("0123"));
  CHECK_FALSE(Id::parse("0123456789ABCDEF0123456789ABCDEF"));
  CHECK(SendingName::parse(SendingName{3, 17}.text()) == SendingName{3, 17});
  CHECK_FALSE(SendingName::parse("3"));
  CHECK_FALSE(SendingName::parse("3.x"));
}

}  // namespace
}  // namespace rebuf::e2e
