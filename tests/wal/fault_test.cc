// Refused calls: whatever single call of a workload fails, and however, everything acknowledged is
// there after opening again, whatever was refused is not, and a failed sync is never forgotten.
#include <doctest/doctest.h>

#include <cerrno>
#include <iostream>

#include "tests/wal/sim/aftermath.h"
#include "tests/wal/sim/workload.h"

namespace rebuf::test {
namespace {

struct Fault {
  Call call;
  std::uint64_t nth;
  Verdict verdict;
  bool lasting = false;  // all of the kind from the nth on

  [[nodiscard]] Verdict operator()(const Asked& asked) const {
    const bool hit = asked.call == call && (lasting ? asked.nth >= nth : asked.nth == nth);
    return hit ? verdict : Verdict{};
  }
};

std::string describe(const Fault& fault) {
  std::string text = std::string(name_of(fault.call)) + " " + std::to_string(fault.nth);
  if (fault.lasting) text += " and all later ones";
  return fault.verdict.kind == Verdict::Kind::half
             ? text + " short"
             : text + " gives " + std::to_string(fault.verdict.value);
}

std::vector<std::string> all_failures(const Session& session) {
  std::vector<std::string> all;
  for (const Status& status : session.failures()) all.push_back(status.message());
  return all;
}

// The workload with this fault, then the disk as it is and as power cuts leave it. `usual`: what
// fails without a fault (writes to a log that refuses when full).
void survives(const Setting& setting, const Fault& fault, const std::vector<std::string>& usual) {
  CAPTURE(setting.name);
  CAPTURE(describe(fault));
  SimFileSystem fs;
  fs.set_hook(fault);
  Session session(fs, setting.options);
  run_workload(session);
  fs.set_hook(nullptr);

  const Moment end = fs.journal_length();
  const auto wrong = [&](const Disk& disk) {
    return contradiction(disk, session.options(), session.ledger(), end);
  };
  const auto now = wrong(fs.disk());
  CHECK_MESSAGE(!now, *now);
  fs.disk().each_power_cut([&](const Disk& left) {
    const auto cut = wrong(left);
    CHECK_MESSAGE(!cut, *cut << " after a power cut");
  });

  const bool interrupted =
      fault.verdict.kind == Verdict::Kind::half || fault.verdict.value == -EINTR;
  const bool moves_bytes = fault.call == Call::pread || fault.call == Call::pwritev ||
                           fault.call == Call::ftruncate || fault.call == Call::fallocate;
  if (interrupted && moves_bytes && !fault.lasting) CHECK(all_failures(session) == usual);
  const bool refused = fault.verdict.value == -EIO || fault.verdict.value == -ENOSPC;
  const bool must_tell = fault.call == Call::pwritev || fault.call == Call::fdatasync;
  const bool hit = fs.calls(fault.call) >= fault.nth;  // commits may share a call
  if (hit && refused && must_tell) CHECK(all_failures(session) != usual);
}

// Every n-th call of the kinds, as often as the workload makes it.
std::size_t survive_each(const std::vector<Call>& kinds, const std::vector<Verdict>& verdicts) {
  std::size_t runs = 0;
  for (const Setting& setting : settings()) {
    SimFileSystem counted;
    Session session(counted, setting.options);
    run_workload(session);
    for (const Call call : kinds)
      for (std::uint64_t nth = 1; nth <= counted.calls(call); ++nth)
        for (const Verdict& verdict : verdicts)
          for (const bool lasting : {false, true}) {
            // A call that is for ever interrupted or short by half ends in another way or never.
            if (lasting && (verdict.kind == Verdict::Kind::half || verdict.value == -EINTR))
              continue;
            survives(setting, {call, nth, verdict, lasting}, all_failures(session));
            ++runs;
          }
  }
  return runs;
}

const std::vector<Verdict> errors = {Verdict::fail(EIO), Verdict::fail(ENOSPC),
                                     Verdict::fail(EINTR), Verdict::fail(EAGAIN)};

std::vector<Verdict> errors_and_short() {
  std::vector<Verdict> all = errors;
  all.push_back({Verdict::Kind::half});
  return all;
}

TEST_CASE("no failed or short write breaks a promise") {
  std::cout << survive_each({Call::pwritev}, errors_and_short()) << " faults\n";
}

TEST_CASE("no failed or short read breaks a promise") {
  std::cout << survive_each({Call::pread, Call::size, Call::advise}, errors_and_short())
            << " faults\n";
}

TEST_CASE("no failed sync breaks a promise") {
  std::cout << survive_each({Call::fdatasync, Call::fsync}, errors) << " faults\n";
}

TEST_CASE("no failed change of size breaks a promise") {
  std::cout << survive_each({Call::ftruncate, Call::fallocate}, errors) << " faults\n";
}

TEST_CASE("no failed directory operation breaks a promise") {
  std::cout << survive_each(
                   {Call::open, Call::open_directory, Call::mkdir, Call::rename,
                    Call::rename_noreplace, Call::unlink, Call::list, Call::free_bytes, Call::lock},
                   errors)
            << " faults\n";
}

TEST_CASE("a failed sync is final until the log is opened again") {
  SimFileSystem fs;
  Session session(fs, settings().front().options);
  REQUIRE(session.open().ok());
  REQUIRE(session.write(20).ok());
  fs.set_hook([](const Asked& asked) {
    return asked.call == Call::fdatasync ? Verdict::fail(EIO) : Verdict{};
  });
  CHECK(session.write(30).code() == Code::sync_failed);
  fs.set_hook(nullptr);
  CHECK(session.write(30).code() == Code::sync_failed);
  CHECK(session.write_batch({10, 10}).code() == Code::sync_failed);
  CHECK(session.append({10}).code() == Code::sync_failed);
  CHECK(session.sync().code() == Code::sync_failed);
  CHECK(session.log().stats().failure.code() == Code::sync_failed);
  CHECK(session.log().stats().failure.errno_value() == EIO);
  const auto durable = replayed(session.log());
  REQUIRE(durable);
  CHECK(*durable == std::vector{session.ledger().entries[0].data});
  ignore(session.close(), "it cannot sync");
  REQUIRE(session.open().ok());
  CHECK(session.write(40).ok());
  const auto wrong = contradiction(fs.disk(), session.options(), session.ledger(), never - 1);
  CHECK_MESSAGE(!wrong, *wrong);
}

TEST_CASE("a sync that fails while closing is remembered: that file is not appended to") {
  SimFileSystem fs;
  Setting setting = settings().front();
  setting.options.sync_strategy = SyncStrategy::manual;
  Session session(fs, setting.options);
  REQUIRE(session.open().ok());
  REQUIRE(session.write(20).ok());
  REQUIRE(session.sync().ok());
  REQUIRE(session.write(30).ok());
  fs.set_hook([](const Asked& asked) {
    return asked.call == Call::fdatasync ? Verdict::fail(EIO) : Verdict{};
  });
  CHECK(session.close().code() == Code::sync_failed);
  fs.set_hook(nullptr);
  REQUIRE(session.open().ok());
  CHECK(session.log().segment_count() == 1);
  CHECK(*replayed(session.log()) == std::vector{session.ledger().entries[0].data});
}

TEST_CASE("numbers do not begin again when the cursor, which alone knows them, cannot be read") {
  SimFileSystem fs;
  Session session(fs, settings().front().options);
  REQUIRE(session.open().ok());
  REQUIRE(session.write(20).ok());
  REQUIRE(session.purge().ok());
  const Position end = session.log().stats().end;
  REQUIRE(end.segment == 1);
  ignore(session.close(), "noted by the session");
  fs.set_hook([](const Asked& asked) {
    const bool cursor = asked.call == Call::pread && asked.path == "/log.state/cursor";
    return cursor ? Verdict::fail(EIO) : Verdict{};
  });
  CHECK(session.open().errno_value() == EIO);
  fs.set_hook(nullptr);
  REQUIRE(session.open().ok());
  CHECK(session.log().stats().end == end);
}

TEST_CASE("on a full disk cursor and purge work, and then writing works again") {
  SimFileSystem fs;
  Setting setting = settings().front();
  setting.options.max_segments = 100;
  Session session(fs, setting.options);
  REQUIRE(session.open().ok());
  fs.set_capacity(16U << 10);
  Status status;
  while (status.ok()) status = session.write(200);
  CHECK(status.code() == Code::full);
  CHECK(session.write(200).code() == Code::full);
  CHECK(session.save_cursor({3, 0}).ok());
  CHECK(session.purge_through(2).ok());
  CHECK(session.write(200).ok());
  CHECK(session.close().ok());
  const auto wrong =
      contradiction(fs.disk(), session.options(), session.ledger(), fs.journal_length());
  CHECK_MESSAGE(!wrong, *wrong);
}

}  // namespace
}  // namespace rebuf::test
