// Without memory a call is refused and the log goes on, or the log fails for good; nothing that was
// accepted is lost, and the process stands.
#include <doctest/doctest.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>

#include "tests/wal/memory/failing_new.h"
#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

// How appends ended, in order; kept without taking memory.
class Ends {
 public:
  Ends() { codes_.reserve(10'000); }
  void add(std::span<const Appended> more) {
    const std::lock_guard lock(mutex_);
    for (const Appended& one : more) codes_.push_back(one.status.code());
    changed_.notify_all();
  }
  std::vector<Code> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(100), [&] { return codes_.size() >= count; });
    return codes_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Code> codes_;
};

Options options_with(Ends& ends, SyncStrategy strategy) {
  Options options = small_segments(1U << 20);
  options.sync_strategy = strategy;
  options.on_appended = [&ends](std::span<const Appended> ended) { ends.add(ended); };
  return options;
}

// Grants `call` no allocation, then one, then two, until it needs no more. Tells how often it was
// refused; only the last call may have done something.
std::size_t refusals_of(const std::function<Status()>& call) {
  for (std::size_t granted = 0;; ++granted) {
    Status status;
    {
      const NoMemoryHere limit(granted);
      status = call();
    }
    if (!memory_was_refused()) {
      REQUIRE(status.ok());
      return granted;
    }
    REQUIRE(status.code() == Code::io);
    REQUIRE(status.errno_value() == ENOMEM);
  }
}

Status append(Log& log, std::string_view data) {
  const Bytes one = bytes(data);
  return log.append(std::span(&one, 1), 0);
}

}  // namespace

TEST_CASE("an append or a batch for which there is no memory is refused, and the log goes on") {
  const TemporaryDirectory scratch;
  Ends ends;
  auto log = opened(scratch.path() / "log", options_with(ends, SyncStrategy::manual));
  REQUIRE(log->write(bytes("first")).ok());
  const std::vector<Bytes> group{bytes("a"), bytes("b")};
  Strings written{"first"};
  std::size_t refusals = 0;
  for (int i = 0; i < 300; ++i) {
    refusals += refusals_of([&] { return log->append(group, 0); });
    written.insert(written.end(), {"a", "b"});
  }
  CHECK(refusals >= 300);
  CHECK(ends.wait(300) == std::vector<Code>(300, Code::ok));
  CHECK(refusals_of([&] { return log->write_batch(group); }) >= 1);
  written.insert(written.end(), {"a", "b"});
  REQUIRE(log->close().ok());
  CHECK(replayed(*opened(scratch.path() / "log")) == written);
}

TEST_CASE("committing appends takes no memory") {
  const TemporaryDirectory scratch;
  Ends ends;
  auto log = opened(scratch.path() / "log", options_with(ends, SyncStrategy::manual));
  REQUIRE(append(*log, "first").ok());
  REQUIRE(ends.wait(1).size() == 1);
  {
    const NoMemoryElsewhere none;
    for (int i = 1; i < 6000; ++i) REQUIRE(append(*log, "more").ok());
    CHECK(ends.wait(6000) == std::vector<Code>(6000, Code::ok));
  }
  CHECK(replayed(*log).size() == 6000);
}

TEST_CASE("where the commit thread finds no memory the log fails for good and keeps what it took") {
  const TemporaryDirectory scratch;
  Ends ends;
  Options options = options_with(ends, SyncStrategy::every_write);
  options.max_log_size = 500;  // completing a segment takes memory
  auto log = opened(scratch.path() / "log", options);
  REQUIRE(append(*log, "kept").ok());
  REQUIRE(ends.wait(1) == std::vector<Code>{Code::ok});
  std::size_t queued = 1;
  {
    const NoMemoryElsewhere none;
    while (queued < 1000 && append(*log, "perhaps").ok()) ++queued;
    ends.wait(queued);
  }
  const std::vector<Code> codes = ends.wait(queued);
  REQUIRE(codes.size() == queued);
  const auto refused = std::find(codes.begin(), codes.end(), Code::sync_failed);
  CHECK(std::count(codes.begin(), refused, Code::ok) == refused - codes.begin());
  CHECK(std::count(refused, codes.end(), Code::sync_failed) == codes.end() - refused);
  CHECK(log->write(bytes("later")).code() == Code::sync_failed);
  CHECK(log->stats().failure.errno_value() == ENOMEM);
  CHECK(log->close().code() == Code::sync_failed);
  const Strings entries = replayed(*opened(scratch.path() / "log"));
  REQUIRE(entries.size() >= static_cast<std::size_t>(refused - codes.begin()));
  CHECK(entries.front() == "kept");
}
