#include "tests/wal/sim/workload.h"

#include <functional>
#include <random>

namespace rebuf::test {
namespace {

// Opens if the log is not open, or only reads.
bool usable(Session& session) {
  if (session.is_open() && !session.log().stats().failure.ok())
    ignore(session.close(), "noted by the session");
  if (!session.is_open()) ignore(session.open(), "noted by the session");
  return session.is_open();
}

void append_groups(Session& session) {
  for (const auto& group : {std::vector<std::size_t>{20, 30}, {1000}, {90, 590, 90}})
    ignore(session.append(group), "noted by the session");
  session.await_appends();
}

// In the middle of what stands; then purges what the cursor has passed.
void save_a_cursor(Session& session) {
  const auto reader = session.log().reader(session.log().stats().oldest);
  std::vector<Position> ends;
  for (bool more = true; more;) {
    const auto block = reader->next(4096);
    if (!block) return;
    for (const EntryRef& entry : block->entries) ends.push_back(entry.end);
    more = !block->at_end;
  }
  if (ends.empty()) return;
  const Position middle = ends[ends.size() / 2];
  if (session.save_cursor(middle).ok() && middle.segment > 0)
    ignore(session.purge_through(middle.segment - 1), "noted by the session");
}

using Step = std::function<void(Session&)>;

Step write(std::size_t bytes) {
  return [bytes](Session& session) { ignore(session.write(bytes), "noted by the session"); };
}

Step step(const std::function<Status(Session&)>& call) {
  return [call](Session& session) { ignore(call(session), "noted by the session"); };
}

const Step batch = step([](Session& session) { return session.write_batch({40, 600, 40}); });
const Step sync = step([](Session& session) { return session.sync(); });
const Step seal = step([](Session& session) { return session.seal(); });
const Step purge = step([](Session& session) { return session.purge(); });
const Step restart = step([](Session& session) { return session.close(); });

void run(Session& session, const std::vector<Step>& steps) {
  for (const Step& one : steps)
    if (usable(session)) one(session);
  if (session.is_open()) ignore(session.close(), "noted by the session");
}

}  // namespace

std::vector<Setting> settings() {
  Options base;
  base.max_log_size = 3000;
  base.max_segments = 3;
  std::vector<Setting> all;
  all.push_back({"every write, drop oldest", base});
  all.push_back({"every write, refuse, preallocated", base});
  all.back().options.on_full = OnFull::refuse;
  all.back().options.preallocate = 1024;
  all.push_back({"manual, drop oldest", base});
  all.back().options.sync_strategy = SyncStrategy::manual;
  all.push_back({"manual, drop oldest, preallocated", all.back().options});
  all.back().options.preallocate = 1024;
  all.push_back({"every write, numbered entries", base});
  all.back().options.ordinal_of = [](Bytes data) { return number_of(text_of(data)); };
  return all;
}

void run_workload(Session& session) {
  run(session,
      {write(10),     write(1700),   batch,         sync,        write(1100), append_groups,
       save_a_cursor, sync,          write(10),     write(3600), write(50),   write(3000),
       sync,          restart,       write(50),     batch,       seal,        write(2500),
       sync,          save_a_cursor, append_groups, restart,     write(700),  write(900),
       sync,          batch,         save_a_cursor, write(1500), purge,       write(30),
       batch,         sync,          write(2800),   restart,     write(10),   save_a_cursor});
}

void run_random_workload(Session& session, std::uint64_t seed, std::size_t steps) {
  std::mt19937_64 random(seed);
  const std::vector<Step> kinds = {write(10), write(600), write(2000),   write(4000),
                                   batch,     batch,      append_groups, save_a_cursor,
                                   sync,      seal,       purge,         restart};
  std::vector<Step> chosen;
  for (std::size_t i = 0; i < steps; ++i) chosen.push_back(kinds[random() % kinds.size()]);
  run(session, chosen);
}

}  // namespace rebuf::test
