// What stands beside the core: identity, lifetime totals, the pause behind a commit.
#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <set>
#include <thread>

#include "daemon/route/foreign.h"
#include "daemon/route/identity.h"
#include "daemon/route/lifetime.h"
#include "daemon/route/regroup.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon {

TEST_CASE("ids grow, and no start uses one again") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity";
  sinks::MessageId last;
  for (int start = 0; start < 5; ++start) {
    auto identity = Identity::open(file, "machine");
    REQUIRE(identity.ok());
    for (int i = 0; i < 3; ++i) {
      const sinks::MessageId id = identity->next();
      CHECK((start == 0 && i == 0) == (last == sinks::MessageId{}));
      if (last != sinks::MessageId{}) CHECK(last < id);
      last = id;
    }
    CHECK(std::filesystem::file_size(file) == 1024);
  }
}

TEST_CASE("a directory that comes from another machine gets a prefix of its own") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity";
  const auto here = Identity::open(file, "machine");
  const auto again = Identity::open(file, "machine");
  const auto there = Identity::open(file, "another machine");
  CHECK(here->prefix() == again->prefix());
  CHECK(here->prefix() != there->prefix());
}

TEST_CASE("a copy gets a prefix of its own, and so does a backup that comes back") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity";
  const auto copy = directory.path() / "copy";
  const auto backup = directory.path() / "backup";
  const auto original = Identity::open(file, "machine");
  std::filesystem::copy_file(file, copy);
  std::filesystem::copy_file(file, backup);
  const auto copied = Identity::open(copy, "machine");
  CHECK(copied->prefix() != original->prefix());
  CHECK(Identity::open(copy, "machine")->prefix() == copied->prefix());
  // The original has gone on; its backup knows nothing of that.
  CHECK(Identity::open(file, "machine")->prefix() == original->prefix());
  std::filesystem::rename(backup, file);
  CHECK(Identity::open(file, "machine")->prefix() != original->prefix());
}

TEST_CASE("when all counts of a start are used up, ids go on under another prefix") {
  constexpr std::uint64_t counts = 1ULL << 40;
  Identity identity(IdPrefix{1, 2, 3, 4, 5, 6, 7, 8}, 7, counts - 2);
  std::vector<sinks::MessageId> ids;
  ids.reserve(4);
  for (int i = 0; i < 4; ++i) ids.push_back(identity.next());
  const auto prefix = [](const sinks::MessageId& id) {
    return std::vector(id.bytes.begin(), id.bytes.begin() + 8);
  };
  CHECK(prefix(ids[0]) == prefix(ids[1]));
  CHECK(prefix(ids[1]) != prefix(ids[2]));
  CHECK(prefix(ids[2]) == prefix(ids[3]));
  CHECK(ids[0] < ids[1]);
  CHECK(ids[2] < ids[3]);
}

TEST_CASE("a run of ids is left for the next one rather than give more than it may") {
  Identity identity(IdPrefix{1, 2, 3, 4, 5, 6, 7, 8}, 7, 0);
  const auto next = [&](std::uint64_t most) {
    identity.begin(1, most, sinks::MessageId::run_length);
    return identity.next();
  };
  const sinks::MessageId first = next(2);
  const sinks::MessageId second = next(2);
  const sinks::MessageId third = next(2);
  CHECK(second.run() == first.run());
  CHECK(third.run() == first.run() + 1);
  CHECK(first < second);
  CHECK(second < third);
  for (std::uint64_t given = 1; given < sinks::MessageId::run_length; ++given)
    CHECK(next(sinks::MessageId::run_length).run() == third.run());
  CHECK(next(sinks::MessageId::run_length).run() == third.run() + 1);
}

TEST_CASE("ids that belong together are of one run, or of as few as can be") {
  constexpr std::uint64_t run = sinks::MessageId::run_length;
  Identity identity(IdPrefix{1, 2, 3, 4, 5, 6, 7, 8}, 7, 0);
  std::uint64_t before = identity.next().run();
  for (const std::uint64_t ids : {std::uint64_t{9}, run - 1, run, run, std::uint64_t{8}}) {
    CAPTURE(ids);
    identity.begin(ids, 8, run);
    const std::uint64_t first = identity.next().run();
    CHECK(first == before + 1);
    for (std::uint64_t i = 1; i < ids; ++i) REQUIRE(identity.next().run() == first);
    before = first;
  }
  identity.begin(2 * run + 1, 8, run);
  CHECK(identity.next().run() == before + 1);
  for (std::uint64_t i = 1; i < 2 * run; ++i) static_cast<void>(identity.next());
  CHECK(identity.next().run() == before + 3);
}

TEST_CASE("of a run no more ids are taken than may be, and one can be left out") {
  Identity identity(IdPrefix{1, 2, 3, 4, 5, 6, 7, 8}, 7, 0);
  identity.begin(7, 3, 3);
  const std::uint64_t first = identity.next().run();
  for (std::uint64_t i = 1; i < 7; ++i) CHECK(identity.next().run() == first + i / 3);
  identity.begin(3, 3, 3);
  identity.skip_run();
  CHECK(identity.next().run() == first + 4);
}

TEST_CASE("a run that is left with the last count is left for another prefix") {
  constexpr std::uint64_t counts = 1ULL << 40;
  Identity identity(IdPrefix{1, 2, 3, 4, 5, 6, 7, 8}, 7, counts - 2);
  const sinks::MessageId last = identity.next();
  identity.begin(2, 1, sinks::MessageId::run_length);
  const sinks::MessageId first = identity.next();
  CHECK(!std::equal(first.bytes.begin(), first.bytes.begin() + 8, last.bytes.begin()));
  CHECK(first.run() == identity.next().run());
}

TEST_CASE("entries of a Go writer have different ids wherever they stand") {
  const IdPrefix prefix{1, 2, 3, 4, 5, 6, 7, 8};
  std::set<sinks::MessageId> ids;
  std::size_t places = 0;
  for (const SegmentId segment : {0UL, 1UL, 255UL, 65'535UL, 65'536UL, 1UL << 24})
    for (const std::uint64_t offset : {0UL, 13UL, 26UL, 128UL << 20, (128UL << 20) + 13}) {
      ids.insert(foreign_id(prefix, {segment, offset}));
      ++places;
    }
  CHECK(ids.size() == places);
}

TEST_CASE("a slot that cannot be read makes a new prefix, for nobody knows what was used") {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "identity";
  for (const std::streamoff slot : {0, 512}) {
    const auto first = Identity::open(file, "machine");
    const auto second = Identity::open(file, "machine");
    CHECK(first->prefix() == second->prefix());
    {
      std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
      stream.seekp(slot + 20);
      stream.write("torn", 4);
    }
    const auto third = Identity::open(file, "machine");
    REQUIRE(third.ok());
    CHECK(third->prefix() != first->prefix());
  }
}

TEST_CASE("lifetime totals come back as they were, and other bytes are not taken for them") {
  Lifetime lifetime;
  lifetime.totals.accepted = 5;
  lifetime.totals.dropped[2] = 7;
  lifetime.totals.answered[3] = 9;
  lifetime.waiting = 11;
  lifetime.undated_before = 13;
  lifetime.exact = false;
  lifetime.clean = true;
  const auto bytes = encode(lifetime);
  const auto back = decode_lifetime(bytes);
  REQUIRE(back);
  CHECK(back->totals.accepted == 5);
  CHECK(back->totals.dropped[2] == 7);
  CHECK(back->totals.answered[3] == 9);
  CHECK(back->waiting == 11);
  CHECK(back->undated_before == 13);
  CHECK_FALSE(back->exact);
  CHECK(back->clean);
  CHECK(bytes.size() < 4096);
  CHECK_FALSE(decode_lifetime(std::span(bytes).first(bytes.size() - 1)));
  CHECK_FALSE(decode_lifetime({}));
}

TEST_CASE(
    "what waited and is found again counts once in the lifetime, what is not found is dropped") {
  Lifetime before;
  before.totals.accepted = 10;
  before.waiting = 4;
  before.clean = true;
  Totals now;
  now.recovered = 4;
  CHECK(sum(continued(before, 4), now).recovered == 0);
  now.recovered = 6;
  CHECK(sum(continued(before, 6), now).recovered == 2);
  now.recovered = 1;
  const Totals fewer = sum(continued(before, 1), now);
  CHECK(fewer.recovered == 0);
  CHECK(fewer.dropped[static_cast<std::size_t>(DropReason::damaged)] == 3);
}

TEST_CASE("behind a commit, those who were told are waited for, and no longer than half a sync") {
  Regroup regroup(std::chrono::minutes(1));
  const auto come = [&](int groups) {
    for (; groups > 0; --groups) regroup.came();
  };
  regroup.synced(std::chrono::microseconds(10));
  come(9);
  CHECK_FALSE(regroup.wait(8));  // nobody comes back: one waits, of nine
  come(8);
  regroup.synced(std::chrono::hours(1));
  std::atomic<bool> waited{false};  // some may come before the wait begins: as many again have to
  std::thread clients([&] {
    while (!waited) regroup.came();
  });
  CHECK(regroup.wait(8));
  waited = true;
  clients.join();
}

TEST_CASE("a few clients are not waited for") {
  Regroup regroup(std::chrono::minutes(1));
  regroup.synced(std::chrono::hours(1));
  regroup.came();
  CHECK_FALSE(regroup.wait(1));
}

}  // namespace rebuf::daemon
