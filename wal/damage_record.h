// What open and all readers of a log found that is not an entry: counted once a place, copied to
// quarantine, told to the logger. Any thread; no lock is held over I/O or the logger.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string_view>

#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/reader.h"
#include "wal/quarantine.h"

namespace rebuf {

class DamageRecord {
 public:
  struct Counts {
    std::uint64_t zero_entries = 0;
    std::uint64_t damaged_bytes = 0;
    std::uint64_t quarantined_bytes = 0;
  };
  using Logger = std::function<void(LogLevel, std::string_view)>;

  DamageRecord(Quarantine& quarantine, Logger logger);

  // `file` holds the damaged bytes. Not ok: they could not be copied (the damage is counted).
  Status add(const Damage& damage, File& file);
  // Counts, keeps no copy: the bytes cannot be read.
  void add_unreadable(const Damage& damage);
  // The segment has sectors that cannot be read: its file is not to be unlinked but kept.
  void set_unreadable(SegmentId segment);
  [[nodiscard]] bool is_unreadable(SegmentId segment) const;
  void add_zero_entries(Position at, std::uint64_t entries);
  // Reading at that place fails (again): since when it does. Kept here and not in a reader, for a
  // replay that is tried again is a new one.
  [[nodiscard]] std::chrono::steady_clock::time_point failing_since(Position at);
  void can_be_read(Position at);
  // A purged segment's places are forgotten; the counts stay.
  void forget(SegmentId segment);
  [[nodiscard]] Counts counts() const;

 private:
  [[nodiscard]] bool count(const Damage& damage);  // false: known already

  Quarantine& quarantine_;
  const Logger logger_;
  mutable std::mutex mutex_;
  Counts counts_;                                                      // guarded by mutex_
  std::set<Position> known_;                                           // guarded by mutex_
  std::set<SegmentId> unreadable_;                                     // guarded by mutex_
  std::map<Position, std::chrono::steady_clock::time_point> failing_;  // guarded by mutex_
};

}  // namespace rebuf
