// Group commit: takes what callers queued, lets the Writer write it with one sync, tells everybody.
//
// A blocking call that finds nobody committing and nothing queued commits itself: a single writer
// needs no other thread. What was queued meanwhile is left to the commit thread, which is started
// when it is first needed, goes on as long as something is queued, and alone commits asynchronous
// groups, so that completions come in order from one thread.
//
// One mutex guards the queue and who leads. The leader holds it over no system call; the Writer
// belongs to the leader.
#pragma once

#include <array>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/status.h"
#include "wal/group.h"
#include "wal/segment_set.h"
#include "wal/wait_room.h"
#include "wal/writer.h"

namespace rebuf {

class Committer {
 public:
  struct Counts {
    std::uint64_t entries = 0;
    std::uint64_t commits = 0;
    std::uint64_t syncs = 0;
  };

  // All outlive the committer. `on_failed` is told once of the final failure, no lock held.
  Committer(const std::filesystem::path& dir, const Options& options, SegmentSet& segments,
            Writer& writer, std::function<void(const Status&)> on_failed);
  ~Committer();  // close()
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  // Waits until the group is done; its outcome is in the group and returned. Not in
  // Options::on_appended: invalid_argument.
  [[nodiscard]] Status commit(Group& group);
  // Queues a copy of the pieces; see Log::append.
  [[nodiscard]] Status append(std::span<const Bytes> entries, std::uint64_t tag);
  void resume_appends();

  // fdatasync of what is written, beside the leader; for SyncStrategy::interval.
  [[nodiscard]] Status sync_in_background();

  // Commits what is queued, refuses everything from now on. Not in Options::on_appended.
  [[nodiscard]] Status close();

  [[nodiscard]] Status failure() const;  // ok, or the final one
  [[nodiscard]] Counts counts() const;

 private:
  struct Batch {
    std::vector<Group*> groups;
    Status refused;  // not ok: nothing is written, all groups get this
    // The outcome.
    std::size_t done = 0;  // from the front, with `status`
    Status status;
    Status failed;  // of the group behind them
    CommitInfo info;
    bool synced = false;
  };
  using Lock = std::unique_lock<std::mutex>;
  enum class Asynchronous : std::uint8_t { no, yes };  // may a leader take asynchronous groups

  enum class Caller : std::uint8_t { waits, returns };
  [[nodiscard]] Status refusal(Caller caller) const;  // mutex_ held
  void lead(Lock& lock, Group& own);                  // mutex_ held, released inside
  void run_queued(Lock& lock, Asynchronous asynchronous,
                  std::vector<Appended>& appended);       // mutex_ held, released inside
  void run(Lock& lock, std::vector<Appended>& appended);  // batch_; mutex_ held, released inside
  void begin(Batch& batch);                               // mutex_ held
  void take_queued(Batch& batch, Asynchronous asynchronous);  // mutex_ held
  void execute(Batch& batch);                                 // the leader, no lock
  void execute_entries(Batch& batch);
  void execute_barrier(Batch& batch);
  void settle(Batch& batch);                                   // mutex_ held
  void finish(Batch& batch, std::vector<Appended>& appended);  // the leader
  void cancel_appends();                                       // mutex_ held
  void fail(const Status& status);                             // takes mutex_
  [[nodiscard]] Status start_thread();                         // mutex_ held
  void run_thread();

  const std::filesystem::path& dir_;
  const Options& options_;
  SegmentSet& segments_;
  Writer& writer_;
  const std::function<void(const Status&)> on_failed_;

  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::deque<Group*> queue_;
  bool leading_ = false;  // somebody commits
  bool closing_ = false;
  bool cancelling_ = false;  // appends are cancelled until resume_appends()
  Status failure_;
  Counts counts_;
  std::thread thread_;
  std::thread::id thread_id_;
  bool threaded_ = false;  // the commit thread runs: what is queued is its business
  std::size_t room_ = 0;   // where who is queued now waits; changes with each batch
  std::vector<std::unique_ptr<Group>> spare_groups_;
  std::condition_variable work_;  // for the commit thread
  std::condition_variable idle_;  // for close()

  // The leader's.
  Batch batch_;
  std::vector<std::unique_ptr<Group>> finished_;  // to be spare ones

  std::array<WaitRoom, 2> rooms_;
};

}  // namespace rebuf
