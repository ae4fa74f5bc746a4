#include <doctest/doctest.h>

#include <condition_variable>
#include <mutex>

#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

// Collects completions; the test waits for a number of them.
class Completions {
 public:
  void add(std::span<const Appended> more) {
    const std::lock_guard lock(mutex_);
    all_.insert(all_.end(), more.begin(), more.end());
    changed_.notify_all();
  }
  std::vector<Appended> wait(std::size_t count) {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(100), [&] { return all_.size() >= count; });
    return all_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Appended> all_;
};

}  // namespace

TEST_CASE("appends complete in the order of the calls, each with its place") {
  const TemporaryDirectory scratch;
  Completions completions;
  Options options = small_segments(4000);
  options.on_appended = [&](std::span<const Appended> ended) { completions.add(ended); };
  auto log = opened(scratch.path() / "log", options);
  Strings written;
  for (int i = 0; i < 1000; ++i) written.push_back("entry " + std::to_string(i));
  for (std::size_t i = 0; i < written.size(); i += 2) {
    const std::vector<Bytes> group{bytes(written[i]), bytes(written[i + 1])};
    REQUIRE(log->append(group, i).ok());
  }
  const std::vector<Appended> ended = completions.wait(500);
  REQUIRE(ended.size() == 500);
  for (std::size_t i = 0; i < ended.size(); ++i) {
    CHECK(ended[i].tag == 2 * i);
    CHECK(ended[i].status.ok());
    CHECK(ended[i].entries == 2);
    auto reader = log->reader(ended[i].first);
    const auto block = reader->next(1);
    REQUIRE(block.ok());
    CHECK(block->entries.front().begin == ended[i].first);
    CHECK(text(block->entries.front().data) == written[2 * i]);
  }
  CHECK(replayed(*log) == written);
}

TEST_CASE("close ends the appends that are queued") {
  const TemporaryDirectory scratch;
  Completions completions;
  Options options;
  options.on_appended = [&](std::span<const Appended> ended) { completions.add(ended); };
  auto log = opened(scratch.path() / "log", options);
  const Bytes data = bytes("x");
  for (std::uint64_t i = 0; i < 100; ++i) REQUIRE(log->append(std::span(&data, 1), i).ok());
  REQUIRE(log->close().ok());
  CHECK(completions.wait(100).size() == 100);
  CHECK(log->append(std::span(&data, 1), 0).code() == Code::closed);
  CHECK(replayed(*opened(scratch.path() / "log")).size() == 100);
}

TEST_CASE("behind an append that failed, all are cancelled until resume_appends") {
  const TemporaryDirectory scratch;
  Completions completions;
  Options options = small_segments(20);
  options.max_segments = 1;
  options.on_full = OnFull::refuse;
  options.on_appended = [&](std::span<const Appended> ended) { completions.add(ended); };
  auto log = opened(scratch.path() / "log", options);
  const auto append = [&](std::string_view data, std::uint64_t tag) {
    const Bytes one = bytes(data);
    return log->append(std::span(&one, 1), tag);
  };
  for (std::uint64_t tag = 0; tag < 3; ++tag) REQUIRE(append("x", tag).ok());
  REQUIRE(completions.wait(3).back().status.code() == Code::full);
  REQUIRE(append("y", 3).ok());
  CHECK(completions.wait(4).back().status.code() == Code::cancelled);
  CHECK(log->write(bytes("blocking")).code() == Code::full);
  REQUIRE(log->purge_through(0).ok());
  log->resume_appends();
  REQUIRE(append("z", 4).ok());
  CHECK(completions.wait(5).back().status.ok());
  CHECK(replayed(*log) == Strings{"x", "z"});
}

TEST_CASE("seal and sync are ordered behind the appends queued before them") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  const std::string data(1000, 'x');
  const Bytes one = bytes(data);
  for (std::uint64_t i = 0; i < 200; ++i) REQUIRE(log->append(std::span(&one, 1), i).ok());
  REQUIRE(log->seal().ok());
  CHECK(log->current_log_size() == 0);
  CHECK(log->segment_count() == 1);
  CHECK(std::filesystem::file_size(scratch.path() / "log/rebuf-0") == 200 * 1012);
}

TEST_CASE("what would wait for the commit thread from on_appended is refused, reading is not") {
  const TemporaryDirectory scratch;
  Completions completions;
  std::unique_ptr<Log> log;
  std::vector<Code> codes;
  Strings seen;
  Options options;
  options.on_appended = [&](std::span<const Appended> ended) {
    const Bytes data = bytes("y");
    codes = {log->write(data).code(), log->write_batch(std::span(&data, 1)).code(),
             log->sync().code(),      log->seal().code(),
             log->purge().code(),     log->close().code()};
    seen = replayed(*log);
    completions.add(ended);
  };
  log = opened(scratch.path() / "log", options);
  const Bytes data = bytes("x");
  REQUIRE(log->append(std::span(&data, 1), 0).ok());
  REQUIRE(completions.wait(1).size() == 1);
  CHECK(codes == std::vector<Code>(6, Code::invalid_argument));
  CHECK(seen == Strings{"x"});
  CHECK(log->write(bytes("z")).ok());
  REQUIRE(log->close().ok());
}
