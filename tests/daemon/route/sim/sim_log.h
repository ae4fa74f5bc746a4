// The simulated disk, and the log on it. SimDisk is what is durable and outlives the process;
// SimLog is the process's Log over it, whose appends end when the schedule says so.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "daemon/envelope.h"
#include "rebuf/log.h"
#include "tests/daemon/route/sim/judge.h"

namespace rebuf::daemon::sim {

// The number that a message's value begins with.
[[nodiscard]] Number number_of(Bytes envelope);
[[nodiscard]] Number number_in(std::string_view value);

struct SimDisk {
  using Data = std::shared_ptr<const std::vector<std::byte>>;
  struct Stored {
    Data data;
    Position begin, end;
    bool damaged = false;
  };
  struct Segment {
    SegmentId id = 0;
    std::uint64_t bytes = 0;
    std::vector<Stored> entries;
  };

  explicit SimDisk(Judge& judge_in, std::uint64_t segment_size_in)
      : judge(judge_in), segment_size(segment_size_in) {}
  Position append(std::span<const Bytes> group);  // durable; rotates first when it would not fit
  void remove_oldest_segment(Judge::Why why);
  [[nodiscard]] std::uint64_t bytes() const;
  // Whether a message stands in the log at or behind `position`.
  void damage(std::size_t nth_entry);
  [[nodiscard]] std::size_t entries() const;

  Judge& judge;
  const std::uint64_t segment_size;
  std::deque<Segment> segments{Segment{}};  // the last is the active one
  std::optional<Cursor> cursor;
  bool cursor_lost = false;  // the next open falls back to the oldest entry
};

class SimLog final : public Log {
 public:
  // `step` is called before each durable step and may throw: the process dies there.
  SimLog(SimDisk& disk, std::function<void()> step);

  enum class Fault : std::uint8_t { none, full, sync, sync_but_written };
  // Ends up to `count` of the queued appends; their ends wait in `ended` for the route.
  void commit(std::size_t count, Fault fault = Fault::none);
  // The process dies: some of what was queued reached the disk.
  void crash(std::size_t written);
  // This log is not used any more: what was written and whose sync failed turns out to be there.
  void end();
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }
  std::vector<Appended> ended;
  bool disk_full = false;
  Judge::Why purging = Judge::Why::done;

  Status append(std::span<const Bytes> entries, std::uint64_t tag) override;
  void resume_appends() override { suspended_ = false; }
  std::unique_ptr<Reader> reader(Position from) override;
  Status seal() override;
  Status purge_through(SegmentId segment) override;
  Status save_cursor(const Cursor& cursor) override;
  const CursorFound& cursor_at_open() const override { return found_; }
  std::optional<std::uint64_t> last_ordinal_at_open() const override { return last_; }
  std::uint64_t bytes() const override { return stats().bytes; }
  std::uint64_t segment_count() const override { return disk_.segments.size() - 1; }
  const std::filesystem::path& dir() const override { return dir_; }
  Stats stats() const override;

  // A route calls none of these.
  Status write(Bytes /*data*/) override { return unused(); }
  Status write_batch(std::span<const Bytes> /*entries*/) override { return unused(); }
  Status replay(const std::function<Status(Bytes)>& /*callback*/) override { return unused(); }
  Status replay_from(SegmentId /*segment*/,
                     const std::function<Status(Bytes)>& /*callback*/) override {
    return unused();
  }
  Status purge() override { return unused(); }
  Status sync() override { return unused(); }
  Status close() override { return unused(); }
  std::uint64_t current_log_size() const override { return disk_.segments.back().bytes; }

 private:
  static Status unused() { return {Code::invalid_argument, "not simulated"}; }
  struct Pending {
    std::vector<Bytes> group;  // must stay unchanged until the route hears of its end
    std::uint64_t tag;
  };
  SimDisk& disk_;
  std::function<void()> step_;
  std::deque<Pending> pending_;
  bool suspended_ = false;
  bool failed_ = false;
  std::vector<SimDisk::Data> unsynced_;  // no reader sees it while this log is open
  CursorFound found_;
  std::optional<std::uint64_t> last_;
  std::filesystem::path dir_ = "simulated";
};

}  // namespace rebuf::daemon::sim
