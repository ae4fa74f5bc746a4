// Group commit: takes what callers queued, lets the Writer write it with one sync, tells everybody.
//
// A blocking call that finds nobody committing and nothing queued commits itself: a single writer
// needs no other thread. What was queued meanwhile is left to the commit thread, which is started
// when it is first needed, goes on as long as something is queued, and alone commits asynchronous
// groups, so that completions come in order from one thread.
//
// One mutex guards the queue and who leads. The leader holds it over no system call; the Writer
// belongs to the leader.
//
// A call for which there is no memory is refused with Code::io (ENOMEM) and changes nothing. Who
// leads needs none of its own; where the writer finds none, what it has done is not known, and that
// is final as a failed sync is.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <mutex>
#include <span>
#include <thread>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/status.h"
#include "wal/group.h"
#include "wal/group_queue.h"
#include "wal/segment_set.h"
#include "wal/wait_room.h"
#include "wal/writer.h"

namespace rebuf {

inline constexpr std::size_t most_batch_groups = 4096;  // room to tell their ends is kept

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

  // Wait until the outcome is there. Not in Options::on_appended: invalid_argument.
  [[nodiscard]] Status write(std::span<const Bytes> entries);
  [[nodiscard]] Result<Position> barrier(Group::Kind kind);  // the log's end behind it
  // Queues a group whose bytes stay where they are; see Log::append.
  [[nodiscard]] Status append(std::span<const Bytes> entries, std::uint64_t tag);
  void resume_appends();

  // fdatasync of what is written, beside the leader; for SyncStrategy::interval.
  [[nodiscard]] Status sync_in_background();

  // Commits what is queued, refuses everything from now on. Not in Options::on_appended.
  [[nodiscard]] Status close();

  [[nodiscard]] Status failure() const;  // ok, or the final one
  [[nodiscard]] Counts counts() const;

 private:
  // Groups that go together, and the entries of these and perhaps more.
  struct Batch {
    std::span<const Group> groups;
    std::span<const Piece> pieces;
  };
  using Lock = std::unique_lock<std::mutex>;

  enum class Caller : std::uint8_t { waits, returns };
  [[nodiscard]] Status refusal(Caller caller) const;  // mutex_ held
  [[nodiscard]] bool nothing_queued() const { return queue_.empty() && taken_.empty(); }
  [[nodiscard]] Committed commit(const Group& group, std::span<const Piece> pieces);
  [[nodiscard]] Committed wait_in_queue(Lock& lock, Group group, std::span<const Piece> pieces);
  void stop_leading(Lock& lock);  // mutex_ held, released inside
  void run_queued(Lock& lock);    // mutex_ held, released inside
  // The leader, no lock.
  [[nodiscard]] Writer::Outcome execute(const Batch& batch);
  [[nodiscard]] Writer::Outcome attempt(const Batch& batch);  // throws std::bad_alloc
  [[nodiscard]] Writer::Outcome pass_barrier(Group::Kind kind);
  void tell(std::span<const Group> ended, const Writer::Outcome& outcome);

  template <class Call>
  [[nodiscard]] Status final_without_memory(const Call& call) const;
  void fail(const Status& status);      // takes mutex_
  [[nodiscard]] Status start_thread();  // mutex_ held
  void run_thread();

  const std::filesystem::path& dir_;
  const Options& options_;
  SegmentSet& segments_;
  Writer& writer_;
  const std::function<void(const Status&)> on_failed_;
  // Made beforehand: where they are needed there may be no memory to make them.
  const Status no_memory_;
  const Status failed_without_memory_;
  const Status cancelled_;

  mutable std::mutex mutex_;
  // All guarded by mutex_.
  GroupQueue queue_;
  bool leading_ = false;  // somebody commits
  bool closing_ = false;
  bool cancelling_ = false;  // appends are cancelled until resume_appends()
  Status failure_;
  std::thread thread_;
  std::thread::id thread_id_;
  bool threaded_ = false;         // the commit thread runs: what is queued is its business
  std::size_t room_ = 0;          // where who is queued now waits; changes when they are taken
  std::condition_variable work_;  // for the commit thread
  std::condition_variable idle_;  // for close()

  // Out of queue_, to be committed first. The leader's; guarded by mutex_ when nobody leads.
  GroupQueue taken_;
  std::vector<Appended> appended_;  // the commit thread's; has room for all of a batch

  // Changed by the leader; syncs in the background too.
  std::atomic<std::uint64_t> entries_ = 0;
  std::atomic<std::uint64_t> commits_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;

  std::array<WaitRoom, 2> rooms_;
};

}  // namespace rebuf
