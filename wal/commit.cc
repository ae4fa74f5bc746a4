// Committer: one batch from the queue to its callers.
#include <algorithm>
#include <utility>

#include "wal/committer.h"

namespace rebuf {

namespace {
constexpr std::uint64_t most_batch_bytes = std::uint64_t{1} << 20;
constexpr std::size_t most_spare_groups = 4096;
}  // namespace

void Committer::run_one(Lock& lock, Asynchronous asynchronous, std::vector<Appended>& appended) {
  take(batch_, asynchronous);
  if (batch_.groups.empty()) return;
  lock.unlock();
  execute(batch_);
  if (options_.on_commit && batch_.info.entries > 0) options_.on_commit(batch_.info);
  lock.lock();
  settle(batch_, appended);
}

// A barrier goes alone; groups that are cancelled go without others.
void Committer::take(Batch& batch, Asynchronous asynchronous) {
  batch.groups.clear();
  batch.refused = failure_;
  batch.done = 0;
  batch.status = batch.failed = {};
  batch.info = {};
  batch.synced = false;
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

void Committer::settle(Batch& batch, std::vector<Appended>& appended) {
  const std::span<Group*> groups(batch.groups);
  if (batch.info.entries > 0) ++counts_.commits;
  counts_.entries += batch.info.entries;
  counts_.syncs += batch.synced ? 1 : 0;
  for (Group* group : groups.first(batch.done)) finish(*group, batch.status, appended);
  std::span<Group*> rest = groups.subspan(batch.done);
  const bool append_failed = !batch.failed.ok() && rest.front()->async;
  if (!batch.failed.ok()) {
    finish(*rest.front(), batch.failed, appended);
    rest = rest.subspan(1);
  }
  queue_.insert(queue_.begin(), rest.begin(), rest.end());
  if (append_failed) cancel_appends();
}

void Committer::finish(Group& group, const Status& status, std::vector<Appended>& appended) {
  if (!group.async) {
    group.status = status;
    group.done = true;
    group.wake.notify_one();  // under the lock: behind it the group is gone
    return;
  }
  appended.push_back({group.tag, status, group.first, group.pieces.size()});
  std::unique_ptr<Group> owned(&group);
  if (spare_groups_.size() < most_spare_groups) spare_groups_.push_back(std::move(owned));
}

void Committer::cancel_appends() {
  cancelling_ = true;
  for (Group* group : queue_) group->cancelled = group->cancelled || group->async;
}

}  // namespace rebuf
