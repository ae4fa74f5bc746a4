// The dead letters of a route, without one: what is kept, counted and given back, over restarts and
// on a disk that fails.
#include "daemon/route/dead_letters.h"

#include <doctest/doctest.h>

#include <fstream>

#include "rebuf/verify.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon {
namespace {

std::string envelope(std::uint8_t id, std::size_t value_bytes = 10) {
  const std::string value(value_bytes, 'v');
  Envelope parts;
  parts.id.bytes[15] = id;
  parts.topic = "topic";
  parts.value = value;
  std::string encoded;
  encode(parts, encoded);
  return encoded;
}

DeadLetter letter(const std::string& encoded) {
  DeadLetter result;
  result.time_ms = 1'700'000'000'000;
  result.reason = "too_large";
  result.sink = "main";
  result.detail = "over the topic's limit";
  result.envelope = std::as_bytes(std::span(encoded));
  return result;
}

void flip_a_bit(const std::filesystem::path& file, std::streamoff at) {
  std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
  stream.seekg(at);
  const char byte = static_cast<char>(stream.get() ^ 1);
  stream.seekp(at);
  stream.put(byte);
}

}  // namespace

TEST_CASE("a dead letter comes back as it was, with its reason, time, sink and envelope") {
  const std::string original = envelope(7);
  const std::string encoded = encode(letter(original));
  const auto decoded = decode_dead_letter(std::as_bytes(std::span(encoded)));
  REQUIRE(decoded);
  CHECK(decoded->time_ms == 1'700'000'000'000);
  CHECK(decoded->reason == "too_large");
  CHECK(decoded->sink == "main");
  CHECK(decoded->detail == "over the topic's limit");
  REQUIRE(decode(decoded->envelope));
  CHECK(decode(decoded->envelope)->id.bytes[15] == 7);
  for (std::size_t size = 0; size < 20; ++size)
    CHECK_FALSE(decode_dead_letter(std::as_bytes(std::span(encoded)).first(size)));
}

TEST_CASE("dead letters are counted over restarts, bounded, and none is kept twice") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 1000, {});
    REQUIRE(letters.ok());
    CHECK((*letters)->add(letter(envelope(1))).ok());
    CHECK((*letters)->add(letter(envelope(2))).ok());
    CHECK((*letters)->count() == 2);
    CHECK((*letters)->add(letter(envelope(3, 2000))).code() == Code::full);
  }
  const auto letters = DeadLetters::open(dir, 1000, {});
  REQUIRE(letters.ok());
  CHECK((*letters)->count() == 2);
  CHECK((*letters)->add(letter(envelope(2))).ok());
  CHECK((*letters)->count() == 2);
  CHECK((*letters)->add(letter(envelope(4))).ok());
  CHECK((*letters)->count() == 3);
}

TEST_CASE("many dead letters are counted at start by reading the newest of them only") {
  constexpr std::uint64_t recent_bytes = 50'000;
  constexpr std::uint64_t letter_count = 2000;  // of about 10 KB each
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  FaultyDisk disk;
  const auto open = [&] { return DeadLetters::open(dir, 64 << 20, {}, recent_bytes, &disk); };
  std::uint64_t passed = 0;
  {
    const auto letters = open();
    REQUIRE(letters.ok());
    for (std::uint64_t i = 0; i < letter_count; ++i)
      REQUIRE((*letters)->add(letter(envelope(static_cast<std::uint8_t>(i % 200), 10'000))).ok());
    const auto oldest = (*letters)->oldest(1 << 20);
    REQUIRE(oldest.ok());
    passed = oldest->entries.size();
    REQUIRE((*letters)->pass(*oldest).ok());
  }
  disk.read_bytes = 0;
  const auto letters = open();
  REQUIRE(letters.ok());
  CHECK((*letters)->count() == letter_count - passed);
  // The active segment is scanned too; 8 of such make up what all may take.
  CHECK(disk.read_bytes < (64 << 20) / 8 + (2U << 20));
}

TEST_CASE("a count of dead letters that is wrong loses none when they are put back") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 4000, {}, 1);
    for (std::uint8_t id = 1; id <= 4; ++id) REQUIRE((*letters)->add(letter(envelope(id))).ok());
  }
  flip_a_bit(dir / "log" / "rebuf.tmp", 30);  // of the first letter
  const auto letters = DeadLetters::open(dir, 4000, {}, 1);
  REQUIRE(letters.ok());
  std::size_t found = 0;
  for (auto block = (*letters)->oldest(1); !block->entries.empty(); block = (*letters)->oldest(1)) {
    found += block->entries.size();
    REQUIRE((*letters)->pass(*block).ok());
  }
  CHECK(found == 3);
  CHECK((*letters)->count() == 0);
}

TEST_CASE("letters that were passed are none any more, also after a restart, and make room") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 1000, {});
    REQUIRE(letters.ok());
    for (std::uint8_t id = 1; id <= 3; ++id) REQUIRE((*letters)->add(letter(envelope(id))).ok());
    const auto first = (*letters)->oldest(1);
    REQUIRE(first.ok());
    REQUIRE(first->entries.size() == 1);
    CHECK((*letters)->pass(*first).ok());
    CHECK((*letters)->count() == 2);
  }
  const auto letters = DeadLetters::open(dir, 1000, {});
  REQUIRE(letters.ok());
  CHECK((*letters)->count() == 2);
  const auto rest = (*letters)->oldest(1 << 20);
  REQUIRE(rest.ok());
  REQUIRE(rest->entries.size() == 2);
  CHECK(decode(decode_dead_letter(rest->entries[0].data)->envelope)->id.bytes[15] == 2);
  CHECK((*letters)->pass(*rest).ok());
  CHECK((*letters)->count() == 0);
  CHECK((*letters)->oldest(1)->entries.empty());
  for (std::uint8_t id = 4; id <= 6; ++id) CHECK((*letters)->add(letter(envelope(id))).ok());
}

TEST_CASE("a letter that is on its way back can die again, and neither is lost") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  REQUIRE((*DeadLetters::open(dir, 4000, {}))->add(letter(envelope(1))).ok());
  const auto letters = DeadLetters::open(dir, 4000, {});  // knows the id of what it found
  const auto out = (*letters)->oldest(1 << 20);
  REQUIRE(out->entries.size() == 1);
  CHECK((*letters)->add(letter(envelope(1))).ok());
  CHECK((*letters)->pass(*out).ok());
  CHECK((*letters)->count() == 1);
  CHECK((*letters)->oldest(1)->entries.size() == 1);
}

TEST_CASE("purged dead letters are gone, also after a restart") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 1000, {});
    for (std::uint8_t id = 1; id <= 3; ++id) REQUIRE((*letters)->add(letter(envelope(id))).ok());
    CHECK(*(*letters)->purge() == 3);
    CHECK((*letters)->count() == 0);
    for (std::uint8_t id = 4; id <= 6; ++id) CHECK((*letters)->add(letter(envelope(id))).ok());
    CHECK(*(*letters)->purge() == 3);
  }
  CHECK((*DeadLetters::open(dir, 1000, {}))->count() == 0);
}

TEST_CASE(
    "a letter that dies again while its log fails and is opened again is not taken for kept") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  FaultyDisk disk;
  const auto letters = DeadLetters::open(dir, 4000, {}, DeadLetters::default_recent_bytes, &disk);
  REQUIRE((*letters)->add(letter(envelope(1))).ok());
  const auto out = (*letters)->oldest(1 << 20);
  REQUIRE(out->entries.size() == 1);
  const auto active = dir / "log" / "rebuf.tmp";
  const auto bytes = std::filesystem::file_size(active);
  disk.fail_next_sync = true;
  CHECK((*letters)->add(letter(envelope(1))).code() == Code::sync_failed);
  std::filesystem::resize_file(active, bytes);  // the disk got none of it
  CHECK((*letters)->add(letter(envelope(1))).ok());
  CHECK((*letters)->pass(*out).ok());
  CHECK((*letters)->count() == 1);
  CHECK((*letters)->oldest(1)->entries.size() == 1);
}

TEST_CASE("dead letters are opened and counted on a full disk") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 4000, {});
    for (std::uint8_t id = 1; id <= 4; ++id) REQUIRE((*letters)->add(letter(envelope(id))).ok());
  }
  FaultyDisk disk;
  disk.full = true;
  const auto letters = DeadLetters::open(dir, 4000, {}, 1, &disk);  // has a mark to save
  REQUIRE_MESSAGE(letters.ok(), letters.status().message());
  CHECK((*letters)->count() == 4);
  CHECK((*letters)->oldest(1 << 20)->entries.size() == 4);
  CHECK((*letters)->add(letter(envelope(5))).code() == Code::full);
  disk.full = false;
  CHECK((*letters)->add(letter(envelope(5))).ok());
  CHECK((*letters)->count() == 5);
}

TEST_CASE("dead letters that a full disk has no place for yet are opened when it has") {
  const test::TemporaryDirectory directory;
  FaultyDisk disk;
  disk.full = true;
  const auto letters = DeadLetters::open(directory.path(), 4000, {}, 1, &disk);
  REQUIRE_MESSAGE(letters.ok(), letters.status().message());
  CHECK((*letters)->add(letter(envelope(1))).code() == Code::full);
  disk.full = false;
  CHECK((*letters)->add(letter(envelope(1))).ok());
  CHECK((*letters)->count() == 1);
}

TEST_CASE("letters that could not be passed are counted as before, also after a restart") {
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  FaultyDisk disk;
  const auto open = [&] { return DeadLetters::open(dir, 4000, {}, 1, &disk); };
  {
    const auto letters = open();
    for (std::uint8_t id = 1; id <= 4; ++id) REQUIRE((*letters)->add(letter(envelope(id))).ok());
    const auto oldest = (*letters)->oldest(1);
    REQUIRE(oldest->entries.size() == 1);
    disk.full = true;
    CHECK((*letters)->pass(*oldest).code() == Code::full);
    disk.full = false;
    CHECK((*letters)->count() == 4);
    REQUIRE((*letters)->add(letter(envelope(5))).ok());
  }
  CHECK((*open())->count() == 5);
}

TEST_CASE("letters are counted anew when a repair has moved them") {
  constexpr std::uint64_t recent_bytes = 1000;
  const test::TemporaryDirectory directory;
  const auto dir = directory.path() / "dead";
  std::filesystem::create_directory(dir);
  {
    const auto letters = DeadLetters::open(dir, 64 << 10, {}, recent_bytes);
    for (std::uint8_t id = 1; id <= 10; ++id)
      REQUIRE((*letters)->add(letter(envelope(id, id <= 2 ? 10 : 500))).ok());
  }
  const auto active = dir / "log" / "rebuf.tmp";
  flip_a_bit(active, 30);  // of the first letter
  flip_a_bit(active, static_cast<std::streamoff>(encode(letter(envelope(1))).size()) + 40);
  Options options;
  options.state_dir = dir;
  const auto repaired = repair(dir / "log", options);
  REQUIRE(repaired.ok());
  REQUIRE_FALSE(repaired->clean());
  const auto letters = DeadLetters::open(dir, 64 << 10, {}, recent_bytes);
  REQUIRE(letters.ok());
  CHECK((*letters)->count() == 8);
}

}  // namespace rebuf::daemon
