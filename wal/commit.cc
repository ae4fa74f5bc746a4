// Committer: from the callers to the writer and back.
#include <algorithm>
#include <new>
#include <utility>

#include "wal/committer.h"

namespace rebuf {

namespace {

constexpr std::uint64_t most_batch_bytes = std::uint64_t{1} << 20;

// How many from the front go together: a barrier goes alone, what is cancelled without others.
std::size_t together(std::span<const Group> groups) {
  const Group& front = groups.front();
  std::uint64_t bytes = front.bytes;
  std::size_t count = 1;
  if (front.kind != Group::Kind::entries) return count;
  for (const Group& group : groups.first(std::min(groups.size(), most_batch_groups)).subspan(1)) {
    bytes += group.bytes;
    if (group.kind != front.kind || group.cancelled != front.cancelled) break;
    if (bytes > most_batch_bytes) break;
    ++count;
  }
  return count;
}

// Of a count that one thread changes and others read.
void add(std::atomic<std::uint64_t>& count, std::uint64_t more) {
  count.store(count.load(std::memory_order_relaxed) + more, std::memory_order_relaxed);
}

}  // namespace

// From on_appended, waiting for the commit thread would be waiting for itself.
Status Committer::refusal(Caller caller) const {
  if (caller == Caller::waits && thread_id_ == std::this_thread::get_id()) {
    return {Code::invalid_argument, "a call that waits, from on_appended", dir_.string()};
  }
  if (closing_) return {Code::closed, "the log is closed"};
  return failure_;
}

Status Committer::write(std::span<const Bytes> entries) {
  try {
    const Frames frames(entries);
    Group group;
    group.entries = entries.size();
    group.bytes = frames.bytes();
    return commit(group, frames.pieces()).status;
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
}

Result<Position> Committer::barrier(Group::Kind kind) {
  Group group;
  group.kind = kind;
  try {
    Committed outcome = commit(group, {});
    if (!outcome.status) return std::move(outcome.status);
    return outcome.position;
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
}

// Who finds nobody committing commits; what is queued meanwhile is the commit thread's.
// Throws std::bad_alloc before anything has changed.
Committed Committer::commit(const Group& group, std::span<const Piece> pieces) {
  Lock lock(mutex_);
  if (Status status = refusal(Caller::waits); !status) return {std::move(status), {}};
  if (leading_ || !nothing_queued()) return wait_in_queue(lock, group, pieces);
  leading_ = true;
  lock.unlock();
  Writer::Outcome outcome = execute({std::span(&group, 1), pieces});
  lock.lock();
  stop_leading(lock);
  return {std::move(outcome.failed.ok() ? outcome.status : outcome.failed), outcome.first};
}

Committed Committer::wait_in_queue(Lock& lock, Group group, std::span<const Piece> pieces) {
  Waiter waiter;
  waiter.room = room_;
  group.waiter = &waiter;
  queue_.add(group, pieces);
  lock.unlock();
  rooms_[waiter.room].wait(waiter.done);
  return std::move(waiter.outcome);
}

Status Committer::append(std::span<const Bytes> entries, std::uint64_t tag) {
  try {
    const Frames frames(entries);
    Group group;
    group.entries = entries.size();
    group.bytes = frames.bytes();
    group.tag = tag;
    const std::lock_guard lock(mutex_);
    if (Status status = refusal(Caller::returns); !status) return status;
    if (!threaded_) {
      if (Status status = start_thread(); !status) return status;
    }
    group.cancelled = cancelling_;
    const bool first = queue_.empty();
    queue_.add(group, frames.pieces());
    if (first && !leading_) work_.notify_one();
    return {};
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
}

void Committer::stop_leading(Lock& lock) {
  while (!nothing_queued() && !threaded_) {
    // Without a thread the leader goes on itself. No append is queued then.
    if (!start_thread()) run_queued(lock);
  }
  leading_ = false;
  if (closing_ || !nothing_queued()) work_.notify_one();
  if (closing_) idle_.notify_all();
}

// The next batch of what was queued.
void Committer::run_queued(Lock& lock) {
  if (taken_.empty()) {
    std::swap(taken_, queue_);
    room_ = 1 - room_;
  }
  const Batch batch{taken_.groups().first(together(taken_.groups())), taken_.pieces()};
  Status refused = failure_;
  if (refused.ok() && batch.groups.front().cancelled) refused = cancelled_;
  lock.unlock();
  Writer::Outcome outcome;
  if (refused.ok()) {
    outcome = execute(batch);
  } else {
    outcome.groups = batch.groups.size();
    outcome.status = std::move(refused);
  }
  const bool failed = !outcome.failed.ok();
  const bool append_failed = failed && batch.groups[outcome.groups].waiter == nullptr;
  const std::size_t ended = outcome.groups + (failed ? 1 : 0);
  tell(batch.groups.first(ended), outcome);
  taken_.drop_front(ended);
  lock.lock();
  if (!append_failed) return;
  cancelling_ = true;
  taken_.cancel_asynchronous();
  queue_.cancel_asynchronous();
}

Writer::Outcome Committer::attempt(const Batch& batch) {
  const Group::Kind kind = batch.groups.front().kind;
  if (kind != Group::Kind::entries) return pass_barrier(kind);
  return writer_.commit(batch.groups, batch.pieces);
}

Writer::Outcome Committer::execute(const Batch& batch) {
  Writer::Outcome outcome;
  try {
    outcome = attempt(batch);
  } catch (const std::bad_alloc&) {
    outcome.groups = batch.groups.size();
    outcome.status = failed_without_memory_;
  }
  const Status& worst = outcome.status.ok() ? outcome.failed : outcome.status;
  if (worst.code() == Code::sync_failed) fail(worst);
  if (outcome.entries == 0) return outcome;
  if (options_.sync_strategy == SyncStrategy::every_write) ++syncs_;
  if (!outcome.status.ok()) return outcome;
  add(entries_, outcome.entries);
  add(commits_, 1);
  if (options_.on_commit) options_.on_commit({outcome.entries, outcome.bytes, outcome.sync_time});
  return outcome;
}

Writer::Outcome Committer::pass_barrier(Group::Kind kind) {
  Writer::Outcome outcome;
  outcome.groups = 1;
  if (kind == Group::Kind::sync) {
    outcome.status = writer_.sync();
    ++syncs_;
  } else {
    outcome.status = writer_.seal(kind == Group::Kind::seal_last ? Writer::Retention::ignored
                                                                 : Writer::Retention::applies);
  }
  outcome.first = writer_.end();
  return outcome;
}

void Committer::tell(std::span<const Group> ended, const Writer::Outcome& outcome) {
  std::array<bool, 2> rings{};  // rooms that somebody waits in
  Position position = outcome.first;
  for (std::size_t i = 0; i < ended.size(); ++i) {
    const Group& group = ended[i];
    const Status& status = i < outcome.groups ? outcome.status : outcome.failed;
    if (group.waiter == nullptr) {
      appended_.push_back({group.tag, status, position, group.entries});
    } else {
      Waiter& waiter = *group.waiter;
      rings[waiter.room] = true;
      waiter.outcome = {status, position};
      waiter.done.store(true, std::memory_order_release);  // behind it the waiter is gone
    }
    position.offset += group.bytes;
  }
  for (std::size_t room = 0; room < rings.size(); ++room) {
    if (rings[room]) rooms_[room].ring();
  }
}

}  // namespace rebuf
