#include "wal/committer.h"

#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

#include "wal/io.h"

namespace rebuf {

Committer::Committer(const std::filesystem::path& dir, const Options& options, SegmentSet& segments,
                     Writer& writer, std::function<void(const Status&)> on_failed)
    : dir_(dir),
      options_(options),
      segments_(segments),
      writer_(writer),
      on_failed_(std::move(on_failed)),
      no_memory_(Code::io, "take memory for entries", dir.string(), ENOMEM),
      failed_without_memory_(Code::sync_failed, "commit without memory", dir.string(), ENOMEM),
      cancelled_(Code::cancelled, "an append before it failed") {}

Committer::~Committer() { ignore(close(), "what was to be durable has been told"); }

void Committer::resume_appends() {
  const std::lock_guard lock(mutex_);
  cancelling_ = false;
}

Status Committer::start_thread() {
  try {
    appended_.reserve(most_batch_groups);
    thread_ = std::thread([this] { run_thread(); });
  } catch (const std::system_error& error) {
    return {Code::io, "start the commit thread", {}, error.code().value()};
  } catch (const std::bad_alloc&) {
    return no_memory_;
  }
  thread_id_ = thread_.get_id();
  threaded_ = true;
  return {};
}

void Committer::run_thread() {
  Lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return !leading_ && (closing_ || !nothing_queued()); });
    if (nothing_queued()) return;
    leading_ = true;
    run_queued(lock);
    leading_ = false;
    if (appended_.empty()) continue;
    lock.unlock();
    if (options_.on_appended) options_.on_appended(appended_);
    appended_.clear();
    lock.lock();
  }
}

template <class Call>
Status Committer::final_without_memory(const Call& call) const {
  try {
    return call();
  } catch (const std::bad_alloc&) {
    return failed_without_memory_;
  }
}

Status Committer::sync_in_background() {
  if (Status status = failure(); !status) return status;
  Status status = final_without_memory([&] {
    if (segments_.unsynced().files.empty()) return Status{};
    Status synced = sync_all(segments_, dir_);
    if (synced.ok()) ++syncs_;
    return synced;
  });
  if (!status) fail(status);
  return status;
}

void Committer::fail(const Status& status) {
  {
    const std::lock_guard lock(mutex_);
    if (!failure_.ok()) return;
    failure_ = status;
  }
  segments_.retreat_to_durable();
  on_failed_(status);
}

Status Committer::close() {
  {
    Lock lock(mutex_);
    Status refused = refusal(Caller::waits);
    if (closing_ || refused.code() == Code::invalid_argument) return refused;
    closing_ = true;
    work_.notify_one();
    idle_.wait(lock, [&] { return (!leading_ && nothing_queued()) || threaded_; });
  }
  if (thread_.joinable()) thread_.join();
  if (Status status = failure(); !status) return status;
  Status finished = final_without_memory([&] { return writer_.finish(); });
  if (finished.code() == Code::sync_failed) fail(finished);
  return finished;
}

Status Committer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Committer::Counts Committer::counts() const { return {entries_, commits_, syncs_}; }

}  // namespace rebuf
