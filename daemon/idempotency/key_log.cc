#include "daemon/idempotency/key_log.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "daemon/make_directory.h"

namespace rebuf::daemon::idempotency {
namespace {

constexpr std::uint64_t least_segment_bytes = 64U << 10;
constexpr std::uint64_t most_segment_bytes = 16U << 20;
constexpr std::size_t read_bytes = 1U << 20;
constexpr std::chrono::seconds open_pause{1};
constexpr std::chrono::minutes tell_pause{1};

}  // namespace

KeyLog::KeyLog(std::filesystem::path dir, std::uint64_t max_bytes, Logger logger,
               FileSystem* file_system)
    : dir_(std::move(dir)),
      max_bytes_(max_bytes),
      logger_(std::move(logger)),
      file_system_(file_system) {}

KeyLog::~KeyLog() { close(); }

void KeyLog::close() {
  if (!log_) return;
  if (const Status status = log_->close(); !status.ok()) failed(status);
  log_.reset();
  sync_due_.reset();
}

Status KeyLog::open() {
  if (Status status = make_directory(dir_); !status.ok()) return status;
  Options options;
  options.max_log_size = std::clamp(max_bytes_ / 8, least_segment_bytes, most_segment_bytes);
  options.max_segments = max_bytes_ / options.max_log_size + 2;  // should purging ever fail
  options.on_full = OnFull::drop_oldest;
  options.sync_strategy = SyncStrategy::manual;
  options.state_dir = dir_;
  options.logger = logger_;
  options.file_system = file_system_;
  auto log = Log::open(dir_ / "log", std::move(options));
  if (!log) return log.status();
  log_ = std::move(*log);
  return {};
}

void KeyLog::load(const std::function<std::uint64_t(const KeyRecord&)>& restore) {
  std::error_code error;
  if (!std::filesystem::exists(dir_ / "log", error) && !error) return;
  Status status = open();
  if (!status.ok()) return failed(status);
  const std::unique_ptr<Reader> reader = log_->reader(log_->stats().oldest);
  while (true) {
    Result<Block> block = reader->next(read_bytes);
    if (!block) {
      status = block.status();
      break;
    }
    for (const EntryRef& entry : block->entries)
      if (const auto record = decode_key_record(entry.data))
        note(entry.begin.segment, restore(*record));
    if (block->entries.empty() && block->at_end) return;
  }
  failed(status);
}

void KeyLog::write(std::span<const std::string> records, std::uint64_t last_number) {
  if (const Status status = write_opened(records); !status.ok()) return failed(status);
  if (!log_) return;
  note(log_->stats().end.segment, last_number);
  if (!sync_due_) sync_due_ = Clock::now() + sync_after;
}

Status KeyLog::write_opened(std::span<const std::string> records) {
  if (!log_) {
    if (Clock::now() < open_at_) return {};
    if (Status status = open(); !status.ok()) return status;
  }
  std::vector<Bytes> entries;
  for (const std::string& record : records) entries.push_back(std::as_bytes(std::span(record)));
  return log_->write_batch(entries);
}

void KeyLog::sync() {
  sync_due_.reset();
  if (!log_) return;
  if (const Status status = log_->sync(); !status.ok()) failed(status);
}

void KeyLog::purge_before(std::uint64_t number) {
  if (!log_) return;
  std::optional<SegmentId> last;
  while (segments_.size() > 1 && segments_.front().last_number < number) {
    last = segments_.front().id;
    segments_.pop_front();
  }
  if (!last) return;
  if (const Status status = log_->purge_through(*last); !status.ok()) failed(status);
}

void KeyLog::failed(const Status& status) {
  const auto now = Clock::now();
  if (logger_ && now >= tell_at_) {
    logger_(LogLevel::error, "idempotency keys are kept in memory alone: " + status.message());
    tell_at_ = now + tell_pause;
  }
  if (log_ && log_->stats().failure.ok()) return;  // as good as before: a full disk, say
  log_.reset();
  sync_due_.reset();
  open_at_ = now + open_pause;
}

void KeyLog::note(SegmentId segment, std::uint64_t number) {
  if (segments_.empty() || segments_.back().id < segment) segments_.push_back({segment, 0});
  segments_.back().last_number = number;
}

}  // namespace rebuf::daemon::idempotency
