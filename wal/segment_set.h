// Which segments stand, and how far the active one is committed: where writers and readers meet.
// Writers tell it after the fact; readers ask it what they may read and wait in it for more. Any
// thread; its own lock is never held over a system call on a file. Telling how far the active
// segment goes, which every write does, takes no lock unless somebody waits.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/position.h"

namespace rebuf {

// Completed segments that may be written and not durable (interval, manual); the next rotation
// waits for them to be synced. Each holds a file open, and open() syncs as many.
inline constexpr std::size_t most_unsynced_segments = 32;

class SegmentSet {
 public:
  using Sizes = std::map<SegmentId, std::uint64_t>;  // completed segments and their bytes

  // Where a reader at some position goes on.
  struct Place {
    SegmentId segment = 0;
    std::uint64_t limit = 0;  // committed bytes of it
    bool active = false;
    std::shared_ptr<File> file;  // of the active segment; null when it has no file yet
  };
  struct Totals {
    std::uint64_t segments = 0;      // completed ones
    std::uint64_t bytes = 0;         // completed and active
    std::uint64_t active_bytes = 0;  // written
    Position oldest;
    Position end;  // written
  };

  // Before any other call: what open found. All of it is committed and durable.
  void start(Sizes completed, SegmentId active, std::shared_ptr<File> file, std::uint64_t bytes);

  // --- writers, one at a time
  void set_written(std::uint64_t offset);
  void set_committed(std::uint64_t offset);  // and written: readers may go up to there
  void set_durable(Position position);       // never goes back, nor on after a retreat
  // The active segment is completed with `bytes`; the next number is active, without a file. What
  // of it is not durable yet stays to be synced.
  void complete(std::uint64_t bytes);
  void set_active_file(std::shared_ptr<File> file);
  // What must be synced so that everything written so far is durable; then set_durable(end).
  struct Unsynced {
    std::vector<std::shared_ptr<File>> files;
    Position end;
  };
  [[nodiscard]] Unsynced unsynced() const;
  [[nodiscard]] std::size_t unsynced_completed() const;
  // After a failed sync: readers see what is durable, no more.
  void retreat_to_durable();
  [[nodiscard]] bool retreated() const;
  // Held over each fdatasync of these files, and over the retreat when it fails: the kernel tells
  // only one caller of a write-back that failed.
  [[nodiscard]] std::mutex& sync_turn() { return sync_turn_; }
  // Before its file is unlinked, so that no reader misses it; gives its bytes. Put back when the
  // unlink failed.
  std::uint64_t take_out(SegmentId completed);
  void put_back(SegmentId completed, std::uint64_t bytes);

  // --- anybody
  [[nodiscard]] Place place(Position at) const;  // of `at`, or of the first segment behind it
  [[nodiscard]] Place active() const;
  [[nodiscard]] Position committed() const;
  [[nodiscard]] Position durable() const;
  [[nodiscard]] Totals totals() const;
  [[nodiscard]] Position oldest() const;
  [[nodiscard]] std::uint64_t completed_count() const;
  [[nodiscard]] std::optional<SegmentId> lowest() const;           // of the completed ones
  [[nodiscard]] std::vector<SegmentId> below(SegmentId id) const;  // completed ones, ascending
  [[nodiscard]] bool contains(SegmentId completed) const;
  [[nodiscard]] bool more_behind(Position at) const;
  // Waits until more_behind(at), the timeout, or stop_waiting(). Tells whether there is more.
  [[nodiscard]] bool wait_for_more(Position at, std::chrono::milliseconds timeout) const;
  void stop_waiting();

 private:
  [[nodiscard]] Position oldest_locked() const;
  [[nodiscard]] bool more_locked(Position at) const;
  // Of a segment with so many bytes, what readers may see.
  [[nodiscard]] std::uint64_t readable(SegmentId id, std::uint64_t bytes) const;
  [[nodiscard]] Position end_locked() const { return {active_, readable(active_, committed_)}; }

  std::mutex sync_turn_;  // taken before mutex_
  mutable std::mutex mutex_;
  mutable std::condition_variable more_;
  mutable std::atomic<std::size_t> waiting_ = 0;  // on more_

  // Of the active segment. Changed by the writer alone; together with active_ they are read under
  // the mutex, under which the writer goes on to the next segment.
  std::atomic<std::uint64_t> written_ = 0;
  std::atomic<std::uint64_t> committed_ = 0;

  // All guarded by mutex_.
  Sizes completed_;
  std::uint64_t completed_bytes_ = 0;
  SegmentId active_ = 0;
  std::shared_ptr<File> file_;
  std::map<SegmentId, std::shared_ptr<File>> unsynced_;  // completed, not durable
  Position durable_;
  bool retreated_ = false;
  bool stopped_ = false;
};

}  // namespace rebuf
