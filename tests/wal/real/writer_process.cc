#include "tests/wal/real/writer_process.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <deque>
#include <thread>

#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

// One word through the pipe; shorter than PIPE_BUF, so whole.
struct Word {
  enum class Kind : std::uint32_t { acknowledged, may_be_purged };
  Kind kind = Kind::acknowledged;
  Name name;
  std::chrono::steady_clock::time_point at = std::chrono::steady_clock::now();
};

void say(int pipe, const Word& word) {
  if (::write(pipe, &word, sizeof word) != sizeof word) ::_exit(3);
}

void write_on(Log& log, int pipe, Name name) {
  for (;;) {
    ++name.number;
    const std::string data = name.data();
    if (!log.write(bytes_of(data)).ok()) return;
    say(pipe, {Word::Kind::acknowledged, name});
  }
}

// Follows the tail; at each new segment saves the cursor there and purges all but the last two
// segments before it. Says what will go before it goes.
void purge_behind(Log& log, int pipe) {
  constexpr SegmentId kept = 2;
  const auto reader = log.reader(log.stats().oldest);
  std::deque<std::pair<SegmentId, Name>> passed;
  SegmentId segment = reader->position().segment;
  while (log.stats().failure.ok()) {
    if (!reader->wait(std::chrono::milliseconds(20))) continue;
    const auto block = reader->next(64U << 10);
    if (!block) return;
    for (const EntryRef& entry : block->entries)
      if (const auto name = name_in(text_of(entry.data)))
        passed.emplace_back(entry.begin.segment, *name);
    if (block->next.segment <= std::max(segment, kept)) continue;
    segment = block->next.segment;
    for (; !passed.empty() && passed.front().first < segment - kept; passed.pop_front())
      say(pipe, {Word::Kind::may_be_purged, passed.front().second});
    if (!log.save_cursor({.position = block->next, .ordinal = 0, .user = {}}).ok()) return;
    if (!log.purge_through(segment - kept - 1).ok()) return;
  }
}

[[noreturn]] void child(const std::filesystem::path& dir, const Options& options, int threads,
                        std::uint16_t round, int pipe) {
  auto opened = Log::open(dir, options);
  if (!opened) {
    std::fprintf(stderr, "open: %s\n", opened.status().message().c_str());
    ::_exit(2);
  }
  Log& log = **opened;
  std::vector<std::thread> running;
  running.reserve(static_cast<std::size_t>(threads) + 1);
  for (int i = 0; i < threads; ++i)
    running.emplace_back([&log, pipe, round, i] {
      write_on(log, pipe, {round, static_cast<std::uint16_t>(i), 0});
    });
  running.emplace_back([&] { purge_behind(log, pipe); });
  for (std::thread& thread : running) thread.join();
  ::_exit(0);
}

std::string text(const Name& name) { return name.data().substr(0, 20); }

}  // namespace

std::string Name::data() const {
  std::array<char, 32> head{};
  std::snprintf(head.data(), head.size(), "%04d %04d %08u ", round, thread, number);
  std::string data = head.data();
  data.append((number * 7919U + thread) % 1480, static_cast<char>('a' + number % 26));
  return data;
}

std::optional<Name> name_in(const std::string& data) {
  int round = 0, thread = 0;
  unsigned number = 0;
  if (std::sscanf(data.c_str(), "%4d %4d %8u ", &round, &thread, &number) != 3) return std::nullopt;
  Name name{static_cast<std::uint16_t>(round), static_cast<std::uint16_t>(thread), number};
  if (name.data() != data) return std::nullopt;
  return name;
}

std::optional<std::string> Told::contradiction(const std::vector<std::string>& replayed) const {
  std::set<Name> found;
  std::map<std::pair<int, int>, Name> last;  // of each writer, in the replay
  int round = 0;
  for (const std::string& data : replayed) {
    const auto name = name_in(data);
    if (!name) return "an entry that nobody wrote";
    if (name->round < round) return "an earlier round behind a later one: " + text(*name);
    round = name->round;
    Name& before = last[{name->round, name->thread}];
    if (name->number <= before.number) return "out of order or twice: " + text(*name);
    before = *name;
    found.insert(*name);
    // Each writer waits for its acknowledgement, so at most one is there without.
    Name previous = *name;
    --previous.number;
    const auto answered = [&](const Name& one) {
      return one.number == 0 || acknowledged.contains(one) || too_late.contains(one);
    };
    if (!answered(*name) && !answered(previous))
      return "written before the one before it was acknowledged: " + text(*name);
  }
  for (const Name& name : acknowledged)
    if (!found.contains(name) && !may_be_purged.contains(name))
      return "acknowledged and lost: " + text(name);
  return std::nullopt;
}

WriterProcess::WriterProcess(const std::filesystem::path& dir, const Options& options, int threads,
                             int round) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  pid_ = ::fork();
  REQUIRE(pid_ >= 0);
  if (pid_ == 0) {
    ::close(ends[0]);
    child(dir, options, threads, static_cast<std::uint16_t>(round), ends[1]);
  }
  ::close(ends[1]);
  pipe_ = ends[0];
}

WriterProcess::~WriterProcess() {
  Told ignored;
  kill(ignored);
}

bool WriterProcess::take(int timeout_ms, Told& told) {
  ::pollfd ready{pipe_, POLLIN, 0};
  if (::poll(&ready, 1, timeout_ms) <= 0) return true;
  std::array<Word, 256> words;
  const ::ssize_t got = ::read(pipe_, words.data(), sizeof words);
  if (got <= 0) return false;
  REQUIRE(static_cast<std::size_t>(got) % sizeof(Word) == 0);
  for (std::size_t i = 0; i < static_cast<std::size_t>(got) / sizeof(Word); ++i) {
    const Word& word = words.at(i);
    auto& heard = word.at < power_went_ ? told.acknowledged : told.too_late;
    auto& set = word.kind == Word::Kind::acknowledged ? heard : told.may_be_purged;
    set.insert(word.name);
  }
  return true;
}

void WriterProcess::listen(std::chrono::milliseconds time, Told& told) {
  const auto end = Clock::now() + time;
  const auto deadline = end + std::chrono::seconds(100);
  const std::size_t before = told.acknowledged.size();
  while (Clock::now() < end || told.acknowledged.size() == before) {
    REQUIRE_MESSAGE(Clock::now() < deadline, "no acknowledgement for 100 s");
    REQUIRE_MESSAGE(take(5, told), "the writers ended by themselves");
  }
}

void WriterProcess::kill(Told& told) {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  while (take(-1, told)) {
  }
  ::waitpid(pid_, nullptr, 0);
  ::close(pipe_);
  pid_ = -1;
}

}  // namespace rebuf::test
