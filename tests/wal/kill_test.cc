// SIGKILL at any moment under many writers, two openers, directories that cannot be written.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <iostream>
#include <random>

#include "rebuf/verify.h"
#include "tests/wal/real/commands.h"
#include "tests/wal/real/writer_process.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

using std::chrono::milliseconds;

Options with(SyncStrategy strategy, std::uint64_t preallocate) {
  Options options;
  options.sync_strategy = strategy;
  options.preallocate = preallocate;
  options.max_log_size = 128U << 10;
  options.max_segments = 1000;
  return options;
}

void survives_kills(const Options& options, int kills) {
  const TemporaryDirectory temp;
  const std::filesystem::path dir = temp.path() / "log";
  std::mt19937 random(7);
  Told told;
  for (int round = 1; round <= kills; ++round) {
    WriterProcess writers(dir, options, 8, round);
    writers.listen(milliseconds(random() % 60), told);
    writers.kill(told);
    const auto log = Log::open(dir, options);
    REQUIRE_MESSAGE(log, log.status().message());
    const auto entries = replayed(**log);
    REQUIRE(entries);
    const auto wrong = told.contradiction(*entries);
    REQUIRE_MESSAGE(!wrong, "round " << round << ": " << *wrong);
  }
  std::cout << kills << " kills, " << told.acknowledged.size() << " entries acknowledged, "
            << told.may_be_purged.size() << " passed by the cursor" << std::endl;
}

TEST_CASE("SIGKILL loses nothing acknowledged: every write") {
  survives_kills(with(SyncStrategy::every_write, 0), 15);
}

TEST_CASE("SIGKILL loses nothing acknowledged: every write, preallocated") {
  survives_kills(with(SyncStrategy::every_write, 1U << 20), 15);
}

TEST_CASE(
    "SIGKILL loses nothing acknowledged: interval and manual sync, what returned is written") {
  survives_kills(with(SyncStrategy::interval, 0), 10);
  survives_kills(with(SyncStrategy::manual, 0), 10);
}

TEST_CASE("a directory belongs to one process, until that ends in whatever way") {
  const TemporaryDirectory temp;
  const std::filesystem::path dir = temp.path() / "log";
  Told told;
  WriterProcess other(dir, with(SyncStrategy::every_write, 0), 1, 1);
  other.listen(milliseconds(0), told);
  auto refused = Log::open(dir);
  REQUIRE_FALSE(refused);
  CHECK(refused.status().code() == Code::locked);
  CHECK(scan(dir).ok());
  other.kill(told);
  const auto log = Log::open(dir);
  REQUIRE_MESSAGE(log, log.status().message());
  CHECK(Log::open(dir).status().code() == Code::locked);
}

// As nobody, where this is root, who may write anywhere: 0 when all is as it must be.
int refused_and_scanned(const std::filesystem::path& dir) {
  if (::geteuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) return 1;
  const auto opened = Log::open(dir);
  if (opened || opened.status().code() != Code::io) return 2;
  if (opened.status().errno_value() != EACCES) return 3;
  const auto report = scan(dir);
  return report && report->segments.back().entries == 2 ? 0 : 4;
}

TEST_CASE("a directory that may not be written is refused, and scan reads it") {
  namespace fs = std::filesystem;
  const TemporaryDirectory temp;
  const fs::path dir = temp.path() / "log";
  go_format::write(dir, {"one", "two"}, 1000, 10);
  fs::permissions(dir, fs::perms(0555));
  fs::permissions(temp.path(), fs::perms(0555));
  const ::pid_t pid = ::fork();
  REQUIRE(pid >= 0);
  if (pid == 0) ::_exit(refused_and_scanned(dir));
  int status = 0;
  REQUIRE(::waitpid(pid, &status, 0) == pid);
  CHECK(WIFEXITED(status));
  CHECK(WEXITSTATUS(status) == 0);
  CHECK(go_format::read(dir) == std::vector<std::string>{"one", "two"});
  fs::permissions(temp.path(), fs::perms(0755));
  fs::permissions(dir, fs::perms(0755));
}

TEST_CASE("log and state may lie on different file systems") {
  const TemporaryDirectory temp;
  const std::filesystem::path other = "/dev/shm/rebuf-test-" + std::to_string(::getpid());
  REQUIRE(std::filesystem::create_directory(other));
  Options options;
  options.state_dir = other / "state";
  const std::filesystem::path dir = temp.path() / "log";
  const std::string torn = std::string(11, '\1');
  {
    const auto log = Log::open(dir, options);
    REQUIRE_MESSAGE(log, log.status().message());
    CHECK((*log)->write(bytes_of("one")).ok());
    CHECK((*log)->save_cursor({.position = (*log)->stats().end, .ordinal = 0, .user = {}}).ok());
    CHECK((*log)->write(bytes_of("two")).ok());
    CHECK((*log)->close().ok());
  }
  write_file(dir / "rebuf.tmp", read_file(dir / "rebuf.tmp") + torn);
  {
    const auto log = Log::open(dir, options);
    REQUIRE_MESSAGE(log, log.status().message());
    CHECK((*log)->cursor_at_open().how == CursorFound::How::exact);
    CHECK((*log)->stats().quarantined_bytes == torn.size());
  }
  std::filesystem::remove_all(other);
}

}  // namespace
}  // namespace rebuf::test
