#include "wal/committer.h"

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
      on_failed_(std::move(on_failed)) {}

Committer::~Committer() { ignore(close(), "what was to be durable has been told"); }

void Committer::resume_appends() {
  const std::lock_guard lock(mutex_);
  cancelling_ = false;
}

Status Committer::start_thread() {
  try {
    thread_ = std::thread([this] { run_thread(); });
  } catch (const std::system_error& error) {
    return {Code::io, "start the commit thread", {}, error.code().value()};
  }
  thread_id_ = thread_.get_id();
  threaded_ = true;
  return {};
}

void Committer::run_thread() {
  std::vector<Appended> appended;
  Lock lock(mutex_);
  for (;;) {
    work_.wait(lock, [&] { return !leading_ && (closing_ || !nothing_queued()); });
    if (nothing_queued()) return;
    leading_ = true;
    run_queued(lock, appended);
    leading_ = false;
    if (appended.empty()) continue;
    lock.unlock();
    if (options_.on_appended) options_.on_appended(appended);
    appended.clear();
    lock.lock();
  }
}

Status Committer::sync_in_background() {
  if (Status status = failure(); !status) return status;
  if (segments_.unsynced().files.empty()) return {};
  Status status = sync_all(segments_, dir_);
  if (status.ok()) ++syncs_;
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
  Status finished = writer_.finish();
  if (finished.code() == Code::sync_failed) fail(finished);
  return finished;
}

Status Committer::failure() const {
  const std::lock_guard lock(mutex_);
  return failure_;
}

Committer::Counts Committer::counts() const { return {entries_, commits_, syncs_}; }

}  // namespace rebuf
