// Committer: one batch from its callers to the writer and back.
#include <algorithm>
#include <utility>

#include "wal/committer.h"

namespace rebuf {

namespace {
constexpr std::size_t most_spare_groups = 4096;
constexpr std::uint64_t most_batch_bytes = std::uint64_t{1} << 20;
}  // namespace

Status Committer::commit(Group& group) {
  Lock lock(mutex_);
  if (Status status = refusal(Caller::waits); !status) return status;
  if (!leading_ && queue_.empty()) {
    lead(lock, group);
  } else {
    group.waits = true;
    group.room = room_;
    queue_.push_back(&group);
    lock.unlock();
    rooms_[group.room].wait(group.done);
  }
  return std::move(group.status);
}

// The leader commits its own group; what is queued meanwhile is the commit thread's.
void Committer::lead(Lock& lock, Group& own) {
  std::vector<Appended> none;
  leading_ = true;
  begin(batch_);
  batch_.groups.push_back(&own);
  run(lock, none);
  while (!queue_.empty() && !threaded_) {
    // Without a thread the leader goes on itself.
    if (!start_thread()) run_queued(lock, Asynchronous::no, none);
  }
  leading_ = false;
  if (!queue_.empty() || closing_) work_.notify_one();
  if (closing_) idle_.notify_all();
}

void Committer::run_queued(Lock& lock, Asynchronous asynchronous, std::vector<Appended>& appended) {
  begin(batch_);
  take_queued(batch_, asynchronous);
  if (!batch_.groups.empty()) run(lock, appended);
}

void Committer::run(Lock& lock, std::vector<Appended>& appended) {
  lock.unlock();
  execute(batch_);
  if (options_.on_commit && batch_.info.entries > 0) options_.on_commit(batch_.info);
  lock.lock();
  settle(batch_);
  // A single writer keeps the lock; to tell many, it is let go.
  const bool many = batch_.groups.size() > 1;
  if (many) lock.unlock();
  finish(batch_, appended);
  if (many) lock.lock();
}

void Committer::begin(Batch& batch) {
  batch.groups.clear();
  batch.refused = failure_;
  batch.done = 0;
  batch.status = batch.failed = {};
  batch.info = {};
  batch.synced = false;
  room_ = 1 - room_;
}

// A barrier goes alone; groups that are cancelled go without others.
void Committer::take_queued(Batch& batch, Asynchronous asynchronous) {
  if (spare_groups_.size() < finished_.size()) spare_groups_.swap(finished_);
  if (spare_groups_.size() > most_spare_groups) spare_groups_.resize(most_spare_groups);
  finished_.clear();
  const Group* const front = queue_.front();
  if (front->cancelled && batch.refused.ok()) {
    batch.refused = {Code::cancelled, "an append before it failed"};
  }
  std::uint64_t bytes = 0;
  while (!queue_.empty()) {
    Group* const group = queue_.front();
    if (group->async && asynchronous == Asynchronous::no) break;
    const bool same_fate = group->kind == front->kind && group->cancelled == front->cancelled;
    const bool alone =
        group->kind != Group::Kind::entries || bytes + group->bytes > most_batch_bytes;
    if (!batch.groups.empty() && (!same_fate || alone)) break;
    bytes += group->bytes;
    batch.groups.push_back(group);
    queue_.pop_front();
  }
}

void Committer::execute(Batch& batch) {
  if (!batch.refused.ok()) {
    batch.done = batch.groups.size();
    batch.status = batch.refused;
    return;
  }
  if (batch.groups.front()->kind == Group::Kind::entries) {
    execute_entries(batch);
  } else {
    execute_barrier(batch);
  }
  const Status& worst = batch.status.ok() ? batch.failed : batch.status;
  if (worst.code() == Code::sync_failed) fail(worst);
}

void Committer::execute_entries(Batch& batch) {
  Writer::Outcome outcome = writer_.write(batch.groups);
  batch.done = outcome.groups;
  batch.failed = std::move(outcome.failed);
  if (batch.done == 0) return;
  if (options_.sync_strategy == SyncStrategy::every_write) {
    const auto begun = std::chrono::steady_clock::now();
    batch.status = writer_.sync();
    batch.info.sync_time = std::chrono::steady_clock::now() - begun;
    batch.synced = true;
    if (!batch.status.ok()) return;
    segments_.set_committed(writer_.end().offset);
  }
  for (const Group* group : std::span(batch.groups).first(batch.done)) {
    batch.info.entries += group->pieces.size();
    batch.info.bytes += group->bytes;
  }
}

void Committer::execute_barrier(Batch& batch) {
  batch.done = 1;
  switch (batch.groups.front()->kind) {
    case Group::Kind::entries:
      break;
    case Group::Kind::sync:
      batch.status = writer_.sync();
      batch.synced = true;
      break;
    case Group::Kind::seal:
      batch.status = writer_.seal(Writer::Retention::applies);
      break;
    case Group::Kind::seal_last:
      batch.status = writer_.seal(Writer::Retention::ignored);
      break;
  }
  batch.groups.front()->first = writer_.end();
}

// Who is behind the segment's end, or behind one that failed, goes back to the front of the queue.
void Committer::settle(Batch& batch) {
  const std::span<Group*> groups(batch.groups);
  if (batch.info.entries > 0) ++counts_.commits;
  counts_.entries += batch.info.entries;
  counts_.syncs += batch.synced ? 1 : 0;
  const std::size_t ended = batch.done + (batch.failed.ok() ? 0 : 1);
  if (ended < groups.size()) {
    const std::span<Group*> rest = groups.subspan(ended);
    queue_.insert(queue_.begin(), rest.begin(), rest.end());
  }
  if (!batch.failed.ok() && groups[batch.done]->async) cancel_appends();
}

void Committer::finish(Batch& batch, std::vector<Appended>& appended) {
  std::array<bool, 2> rings{};  // rooms that somebody waits in
  const std::size_t ended = batch.done + (batch.failed.ok() ? 0 : 1);
  for (std::size_t i = 0; i < ended; ++i) {
    Group& group = *batch.groups[i];
    const Status& status = i < batch.done ? batch.status : batch.failed;
    if (group.async) {
      appended.push_back({group.tag, status, group.first, group.pieces.size()});
      finished_.emplace_back(&group);
      continue;
    }
    if (group.waits) rings[group.room] = true;
    group.status = status;
    group.done.store(true, std::memory_order_release);  // behind it the group is gone
  }
  for (std::size_t room = 0; room < rings.size(); ++room) {
    if (rings[room]) rooms_[room].ring();
  }
}

void Committer::cancel_appends() {
  cancelling_ = true;
  for (Group* group : queue_) group->cancelled = group->cancelled || group->async;
}

}  // namespace rebuf
