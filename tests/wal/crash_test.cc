// Power cuts: after every change that a workload makes to the disk, in every way that the disk may
// lose what was not synced, the log opens with all that was acknowledged, in order, and nothing
// else.
#include <doctest/doctest.h>

#include <chrono>
#include <cstdlib>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "tests/wal/sim/aftermath.h"
#include "tests/wal/sim/workload.h"

namespace rebuf::test {
namespace {

void no_power_cut_breaks_a_promise(const Setting& setting) {
  SimFileSystem fs;
  Session session(fs, setting.options);
  run_workload(session);
  const Search search = search_power_cuts(fs, session.options(), session.ledger());
  std::cout << setting.name << ": " << search.states << " states after " << search.moments
            << " changes opened, " << search.again << " of them cut a second time\n";
  CHECK_MESSAGE(!search.found, *search.found);
  CHECK(search.states > search.moments);
}

TEST_CASE("no power cut breaks a promise: every write, drop oldest") {
  no_power_cut_breaks_a_promise(settings()[0]);
}

TEST_CASE("no power cut breaks a promise: every write, refuse, preallocated") {
  no_power_cut_breaks_a_promise(settings()[1]);
}

TEST_CASE("no power cut breaks a promise: manual, drop oldest") {
  no_power_cut_breaks_a_promise(settings()[2]);
}

TEST_CASE("no power cut breaks a promise: manual, drop oldest, preallocated") {
  no_power_cut_breaks_a_promise(settings()[3]);
}

TEST_CASE("no power cut breaks a promise: every write, numbered entries") {
  no_power_cut_breaks_a_promise(settings()[4]);
}

TEST_CASE("no power cut breaks a promise: random workloads in every setting") {
  const char* text = std::getenv("REBUF_TEST_WORKLOADS");
  const std::uint64_t count = text != nullptr ? std::strtoull(text, nullptr, 10) : 3;
  std::size_t states = 0;
  for (std::uint64_t seed = 1; seed <= count; ++seed)
    for (const Setting& setting : settings()) {
      SimFileSystem fs;
      Session session(fs, setting.options);
      run_random_workload(session, seed, 10);
      const Search search = search_power_cuts(fs, session.options(), session.ledger());
      states += search.states;
      CHECK_MESSAGE(!search.found,
                    "seed " << seed << ", " << setting.name << ": " << *search.found);
    }
  std::cout << count << " workloads, " << states << " states\n";
}

// What several writers were told, each for itself.
class Writers {
 public:
  Writers(SimFileSystem& fs, Log& log) : fs_(fs), log_(log) {}

  void write(int threads, int entries_each) {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
      running.emplace_back([this, i, entries_each] {
        for (int n = 0; n < entries_each; ++n)
          write_one(numbered(static_cast<std::size_t>(1 + i * 100 + n), 200));
      });
    for (std::thread& thread : running) thread.join();
  }

  // In the order of the log, which only the log knows.
  [[nodiscard]] Ledger ledger() const {
    Ledger ledger;
    const auto reader = log_.reader({});
    for (bool more = true; more;) {
      const auto block = reader->next(1U << 16);
      REQUIRE(block);
      for (const EntryRef& entry : block->entries) {
        ledger.entries.push_back(told_.at(text_of(entry.data)));
        ledger.entries.back().end = entry.end;
      }
      more = !block->at_end;
    }
    return ledger;
  }

 private:
  void write_one(std::string data) {
    Ledger::Entry entry;
    entry.data = std::move(data);
    entry.began = fs_.journal_length();
    entry.written = log_.write(bytes_of(entry.data)).ok();
    entry.durable = fs_.journal_length();
    const std::lock_guard lock(mutex_);
    told_[entry.data] = entry;
  }

  SimFileSystem& fs_;
  Log& log_;
  std::mutex mutex_;  // guards told_
  std::map<std::string, Ledger::Entry> told_;
};

TEST_CASE("no power cut breaks a promise: many writers that share commits") {
  SimFileSystem fs;
  Options options = settings().front().options;
  options.file_system = &fs;
  options.max_segments = 100;
  const auto log = Log::open(log_dir, options);
  REQUIRE(log);
  // A disk takes its time, and meanwhile the others queue.
  fs.set_hook([](const Asked& asked) {
    if (asked.call == Call::fdatasync) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    return Verdict{};
  });
  Writers writers(fs, **log);
  writers.write(8, 6);
  const Ledger ledger = writers.ledger();
  CHECK(ledger.entries.size() == 48);
  CHECK((*log)->stats().commits < 48);
  const Stats stats = (*log)->stats();
  const Search search = search_power_cuts(fs, options, ledger);
  std::cout << stats.commits << " commits of 48 entries, " << search.states << " states\n";
  CHECK_MESSAGE(!search.found, *search.found);
}

}  // namespace
}  // namespace rebuf::test
