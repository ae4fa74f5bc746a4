#include <doctest/doctest.h>

#include <ctime>
#include <thread>

#include "tests/wal/scratch.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

// Everything up to the tail.
Strings drain(Reader& reader, std::size_t max_bytes = 4096) {
  Strings entries;
  for (;;) {
    const auto block = reader.next(max_bytes);
    REQUIRE(block.ok());
    for (const EntryRef& entry : block->entries) entries.push_back(text(entry.data));
    if (block->at_end) return entries;
  }
}

}  // namespace

TEST_CASE("a reader follows the tail over segments") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(30));
  auto reader = log->reader({});
  CHECK(drain(*reader).empty());
  for (const char* entry : {"1", "2", "3"}) REQUIRE(log->write(bytes(entry)).ok());
  CHECK(drain(*reader) == Strings{"1", "2", "3"});
  for (const char* entry : {"4", "5"}) REQUIRE(log->write(bytes(entry)).ok());
  CHECK(drain(*reader) == Strings{"4", "5"});
  CHECK(reader->position() == log->stats().end);
}

TEST_CASE("a reader that waits is woken by a commit, and by close") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  auto reader = log->reader({});
  CHECK_FALSE(reader->wait(std::chrono::milliseconds(0)));
  std::thread writer([&] { CHECK(log->write(bytes("a")).ok()); });
  CHECK(reader->wait(std::chrono::seconds(100)));
  writer.join();
  CHECK(drain(*reader) == Strings{"a"});
  std::thread closer([&] { CHECK(log->close().ok()); });
  CHECK_FALSE(reader->wait(std::chrono::seconds(100)));
  closer.join();
}

TEST_CASE("an entry's bytes live as long as its block") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  const std::string large(10000, 'x');
  REQUIRE(log->write(bytes("small")).ok());
  REQUIRE(log->write(bytes(large)).ok());
  REQUIRE(log->write(bytes("last")).ok());
  auto reader = log->reader({});
  std::vector<Block> blocks;
  do {
    auto block = reader->next(16);
    REQUIRE(block.ok());
    blocks.push_back(std::move(block).value());
  } while (!blocks.back().at_end);
  Strings entries;
  for (const Block& block : blocks) {
    for (const EntryRef& entry : block.entries) entries.push_back(text(entry.data));
  }
  CHECK(entries == Strings{"small", large, "last"});
}

TEST_CASE("a reader goes on from the position that an entry gave") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(30));
  for (const char* entry : {"1", "2", "3", "4"}) REQUIRE(log->write(bytes(entry)).ok());
  auto reader = log->reader({});
  const auto block = reader->next(4096);
  REQUIRE(block.ok());
  auto other = log->reader(block->entries.front().end);
  CHECK(drain(*other) == Strings{"2", "3", "4"});
  other->seek(block->entries.back().end);
  CHECK(drain(*other) == Strings{"3", "4"});
}

TEST_CASE("a segment purged under a reader is read to its end or passed over whole") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(30000));
  const std::string large(9000, 'x');
  for (int i = 0; i < 9; ++i) REQUIRE(log->write(bytes(large + std::to_string(i))).ok());
  REQUIRE(log->segment_count() == 2);
  auto reader = log->reader({});
  const auto first = reader->next(1);
  REQUIRE(first.ok());
  REQUIRE(first->entries.size() == 1);
  REQUIRE(log->purge_through(1).ok());
  Strings last;
  for (const std::string& entry : drain(*reader)) last.push_back(entry.substr(9000));
  CHECK(last == Strings{"1", "2", "6", "7", "8"});
}

TEST_CASE("a replay gives what was committed when it began") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(30));
  for (const char* entry : {"1", "2", "3"}) REQUIRE(log->write(bytes(entry)).ok());
  Strings entries;
  REQUIRE(log->replay([&](Bytes data) {
               entries.push_back(text(data));
               return log->write(bytes("behind"));
             })
              .ok());
  CHECK(entries == Strings{"1", "2", "3"});
}

TEST_CASE("a callback's error stops the replay, which returns it") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log");
  for (const char* entry : {"1", "2"}) REQUIRE(log->write(bytes(entry)).ok());
  int calls = 0;
  const Status status = log->replay([&](Bytes) {
    ++calls;
    return Status{Code::cancelled, "enough"};
  });
  CHECK(status.what() == "enough");
  CHECK(calls == 1);
}

TEST_CASE("damage in a completed segment is passed over, told, counted once and kept") {
  const TemporaryDirectory scratch;
  const auto dir = scratch.path() / "log";
  auto log = opened(dir, small_segments(60));
  for (const char* entry : {"aaaa", "bbbb", "cccc", "dddd"}) {
    REQUIRE(log->write(bytes(entry)).ok());
  }
  REQUIRE(log->segment_count() == 1);
  std::string content = read_file(dir / "rebuf-0");
  content[16 + 7] ^= 0x40;  // the size of the second entry
  write_file(dir / "rebuf-0", content);
  for (int time = 0; time < 2; ++time) {
    auto reader = log->reader({});
    Strings entries;
    std::vector<Damage> damages;
    for (bool at_end = false; !at_end;) {
      auto block = reader->next(4096);
      REQUIRE(block.ok());
      for (const EntryRef& entry : block->entries) entries.push_back(text(entry.data));
      for (const Damage& damage : block->damages) damages.push_back(damage);
      at_end = block->at_end;
    }
    CHECK(entries == Strings{"aaaa", "cccc", "dddd"});
    REQUIRE(damages.size() == 1);
    CHECK(damages[0].begin == Position{0, 16});
    CHECK(damages[0].length == 16);
  }
  CHECK(log->stats().damaged_bytes == 16);
  CHECK(log->stats().quarantined_bytes == 16);
  CHECK(read_file(scratch.path() / "log.state/quarantine/0-16-16") == content.substr(16, 16));
}

TEST_CASE("a segment that somebody removed is told as missing") {
  const TemporaryDirectory scratch;
  auto log = opened(scratch.path() / "log", small_segments(20));
  for (const char* entry : {"1", "2", "3"}) REQUIRE(log->write(bytes(entry)).ok());
  std::filesystem::remove(scratch.path() / "log/rebuf-1");
  auto reader = log->reader({});
  auto block = reader->next(4096);
  REQUIRE(block.ok());
  block = reader->next(4096);
  REQUIRE(block.ok());
  REQUIRE(block->damages.size() == 1);
  CHECK(block->damages[0].reason == "segment missing");
  CHECK(text(block->entries.at(0).data) == "3");
}

TEST_CASE("data that looks like sizes at every place does not hold up the search behind damage") {
  // 16 MiB of numbers, each a size that the segment could hold.
  const TemporaryDirectory scratch;
  const auto dir = scratch.path() / "log";
  std::filesystem::create_directory(dir);
  std::string numbers;
  for (std::uint64_t i = 0; numbers.size() < (16U << 20); ++i) {
    const std::uint64_t number = (15U << 20) - 8 * i;
    for (int shift = 56; shift >= 0; shift -= 8) {
      numbers.push_back(static_cast<char>(number >> shift));
    }
  }
  std::string content = framed(numbers) + framed("behind");
  content[100] ^= 1;
  write_file(dir / "rebuf-0", content);
  auto log = opened(dir, small_segments(64U << 20));
  const std::clock_t begun = std::clock();  // of this process alone
  CHECK(replayed(*log) == Strings{"behind"});
  CHECK(std::clock() - begun < 60 * CLOCKS_PER_SEC);
}
