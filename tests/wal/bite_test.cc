// The search for power cuts finds bugs: each of these is one that an implementation may well have,
// played by a file system that skips, weakens or fakes a call. The search must find a broken
// promise.
#include <doctest/doctest.h>

#include <cerrno>
#include <iostream>

#include "tests/wal/sim/aftermath.h"
#include "tests/wal/sim/workload.h"

namespace rebuf::test {
namespace {

bool is_sync(const Asked& asked) {
  return asked.call == Call::fsync || asked.call == Call::fdatasync;
}

bool of_cursor(const Asked& asked) { return asked.path.find("/cursor") != std::string::npos; }

using Hook = std::function<Verdict(const Asked&)>;

Hook skips(std::function<bool(const Asked&)> which) {
  return [which = std::move(which)](const Asked& asked) {
    return which(asked) ? Verdict::skip() : Verdict{};
  };
}

void is_found(const Hook& bug, const std::function<void(FileSystem::Listing&)>& listing = {}) {
  SimFileSystem fs;
  fs.set_hook(bug);
  fs.set_listing_hook(listing);
  Session session(fs, settings().front().options);
  run_workload(session);
  const Search search = search_power_cuts(fs, session.options(), session.ledger());
  REQUIRE_MESSAGE(search.found, "not found in " << search.states << " states");
  std::cout << "after " << search.states << " states: " << *search.found << "\n";
}

TEST_CASE("found: writes are acknowledged before they are on disk") {
  is_found(skips([](const Asked& asked) { return asked.call == Call::fdatasync; }));
}

TEST_CASE("found: one sync in the middle is left out") {
  is_found(
      skips([](const Asked& asked) { return asked.call == Call::fdatasync && asked.nth == 4; }));
}

TEST_CASE("found: the log's directory is not synced at rotation") {
  is_found(skips([](const Asked& asked) { return is_sync(asked) && asked.path == "/log"; }));
}

TEST_CASE("found: the parent is not synced after the log's directory was made") {
  is_found(skips([](const Asked& asked) { return is_sync(asked) && asked.path == "/"; }));
}

TEST_CASE("found: the cursor is renamed before its bytes are on disk") {
  is_found(skips([](const Asked& asked) { return is_sync(asked) && of_cursor(asked); }));
}

TEST_CASE("found: segments are unlinked before the cursor's name is on disk") {
  is_found(skips([](const Asked& asked) { return is_sync(asked) && asked.path == "/log.state"; }));
}

TEST_CASE("found: the id of an existing segment is used again") {
  is_found(
      [](const Asked& asked) {
        return asked.call == Call::rename_noreplace ? Verdict{Verdict::Kind::replace} : Verdict{};
      },
      [](FileSystem::Listing& listing) {
        std::erase_if(listing.entries, [](const auto& entry) { return entry.name == "rebuf-2"; });
      });
}

TEST_CASE("found: a short write is taken for a whole one") {
  is_found([](const Asked& asked) {
    const bool hit = asked.call == Call::pwritev && asked.nth == 5;
    return hit ? Verdict{Verdict::Kind::claimed_half} : Verdict{};
  });
}

TEST_CASE("found: a failed sync is taken for a good one") {
  is_found([failed = false](const Asked& asked) mutable {
    if (asked.call != Call::fdatasync || asked.nth < 5 || failed) return Verdict{};
    failed = true;
    return Verdict{Verdict::Kind::lost_sync};
  });
}

TEST_CASE("found: after a failed sync the log reads what only the page cache has") {
  is_found([](const Asked& asked) {
    if (asked.call == Call::advise) return Verdict::skip();
    return asked.call == Call::fdatasync && asked.nth == 5 ? Verdict::fail(EIO) : Verdict{};
  });
}

}  // namespace
}  // namespace rebuf::test
