#include "tests/wal/sim/session.h"

#include <algorithm>

namespace rebuf::test {
namespace {

bool nothing_changed(Code code) {
  return code == Code::full || code == Code::io || code == Code::invalid_argument ||
         code == Code::cancelled || code == Code::closed;
}

std::vector<Bytes> spans_of(const std::vector<std::string>& data) {
  std::vector<Bytes> spans;
  spans.reserve(data.size());
  for (const std::string& one : data) spans.push_back(bytes_of(one));
  return spans;
}

}  // namespace

Session::Session(SimFileSystem& fs, Options options) : fs_(fs), options_(std::move(options)) {
  options_.file_system = &fs_;
  options_.on_appended = [this](std::span<const Appended> ended) { appended(ended); };
}

Session::~Session() = default;

Status Session::noted(Status status) {
  if (!status.ok()) failures_.push_back(status);
  return status;
}

Status Session::open() {
  auto opened = Log::open(log_dir, options_);
  if (opened) log_ = std::move(*opened);
  if (opened) note_found();
  return noted(opened.status());
}

// What an opened log gives is a promise too, also where the write was not acknowledged.
void Session::note_found() {
  // It said aloud that it could not read the cursor and begins with the oldest entry.
  if (log_->cursor_at_open().how == CursorFound::How::fell_back)
    for (Ledger::Saved& saved : ledger_.cursors) saved.durable = never;
  for (Ledger::Entry& entry : ledger_.entries)
    if (entry.durable == never) entry.written = false;
  const auto reader = log_->reader(log_->stats().oldest);
  for (bool more = true; more;) {
    const auto block = reader->next(1U << 16);
    if (!block) return;
    for (const EntryRef& found : block->entries) {
      const auto number = number_of(text_of(found.data));
      if (!number || *number > ledger_.entries.size()) continue;
      Ledger::Entry& entry = ledger_.entries[*number - 1];
      entry.written = true;
      entry.end = found.end;
      entry.durable = std::min(entry.durable, fs_.journal_length());
    }
    more = !block->at_end;
  }
}

Status Session::close() {
  const Status status = log_->close();
  synced(status);
  log_.reset();
  return noted(status);
}

Session::Group Session::begin(const std::vector<std::size_t>& sizes) {
  const std::lock_guard lock(mutex_);
  Group group{ledger_.entries.size(), {}};
  for (const std::size_t size : sizes) {
    group.data.push_back(numbered(ledger_.entries.size() + 1, size));
    Ledger::Entry entry;
    entry.data = group.data.back();
    entry.began = fs_.journal_length();
    ledger_.entries.push_back(std::move(entry));
  }
  return group;
}

void Session::end(const Group& group, const Status& status, Position end) {
  const Moment now = fs_.journal_length();
  for (std::size_t i = group.first; i < group.first + group.data.size(); ++i) {
    Ledger::Entry& entry = ledger_.entries[i];
    entry.written = status.ok();
    entry.refused = nothing_changed(status.code());
    entry.end = end;
    if (status.ok() && options_.sync_strategy == SyncStrategy::every_write) entry.durable = now;
  }
  note_dropped(ledger_.entries[group.first].began);
}

// Retention takes whole segments, the oldest first.
void Session::note_dropped(Moment since) {
  const Position oldest = log_->stats().oldest;
  for (Ledger::Entry& entry : ledger_.entries)
    if (entry.written && entry.end.segment < oldest.segment && entry.may_go == never)
      entry.may_go = since;
}

Status Session::write(std::size_t bytes) {
  const Group group = begin({bytes});
  const Status status = log_->write(bytes_of(group.data.front()));
  end(group, status, log_->stats().end);
  return noted(status);
}

Status Session::write_batch(const std::vector<std::size_t>& sizes) {
  const Group group = begin(sizes);
  const Status status = log_->write_batch(spans_of(group.data));
  end(group, status, log_->stats().end);
  return noted(status);
}

Status Session::append(const std::vector<std::size_t>& sizes) {
  Group group = begin(sizes);
  std::uint64_t tag = 0;
  std::vector<Bytes> spans;
  {
    const std::lock_guard lock(mutex_);
    tag = queued_.size();
    queued_.push_back(std::move(group));
    spans = spans_of(queued_.back().data);
    ++outstanding_;
  }
  Status status = log_->append(spans, tag);
  if (!status.ok()) {
    const std::lock_guard lock(mutex_);
    --outstanding_;
    end(queued_[tag], status, {});
    return noted(std::move(status));
  }
  return status;
}

void Session::appended(std::span<const Appended> ended) {
  const std::lock_guard lock(mutex_);
  for (const Appended& one : ended) {
    end(queued_[one.tag], one.status, one.first);
    append_failed_ = append_failed_ || !one.status.ok();
    if (!one.status.ok()) failures_.push_back(one.status);
    --outstanding_;
  }
  ended_.notify_all();
}

void Session::await_appends() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return outstanding_ == 0; });
  if (append_failed_) log_->resume_appends();
  append_failed_ = false;
}

void Session::synced(const Status& status) {
  if (!status.ok()) return;
  const Moment now = fs_.journal_length();
  for (Ledger::Entry& entry : ledger_.entries)
    if (entry.written && entry.durable == never) entry.durable = now;
}

Status Session::sync() {
  const Status status = log_->sync();
  synced(status);
  return noted(status);
}

Status Session::seal() {
  const Moment began = fs_.journal_length();
  const Status status = log_->seal();
  note_dropped(began);
  return noted(status);
}

Status Session::purging(const std::function<Status()>& purge, SegmentId through) {
  const auto each = [&](auto&& mark) {
    for (Ledger::Entry& entry : ledger_.entries)
      if (!entry.refused && (!entry.written || entry.end.segment <= through)) mark(entry);
  };
  each([now = fs_.journal_length()](auto& entry) { entry.may_go = std::min(entry.may_go, now); });
  const Status status = purge();
  if (status.ok())
    each([now = fs_.journal_length()](auto& entry) {
      if (entry.written) entry.gone = std::min(entry.gone, now);
    });
  return noted(status);
}

Status Session::purge() {
  return purging([this] { return log_->purge(); }, std::numeric_limits<SegmentId>::max());
}

Status Session::purge_through(SegmentId segment) {
  return purging([&] { return log_->purge_through(segment); }, segment);
}

Status Session::save_cursor(Position position) {
  Ledger::Saved saved;
  saved.cursor.position = position;
  saved.cursor.user.resize(8, std::byte(ledger_.cursors.size() + 1));
  saved.began = fs_.journal_length();
  ledger_.cursors.push_back(saved);
  const Status status = log_->save_cursor(saved.cursor);
  // A cursor behind entries that are not synced may fall back when these are lost.
  const bool all_synced =
      std::none_of(ledger_.entries.begin(), ledger_.entries.end(),
                   [](const auto& entry) { return entry.written && entry.durable == never; });
  if (status.ok() && all_synced) ledger_.cursors.back().durable = fs_.journal_length();
  return noted(status);
}

Result<std::vector<std::string>> replayed(Log& log) {
  std::vector<std::string> entries;
  const Status status = log.replay([&](Bytes data) {
    entries.push_back(text_of(data));
    return Status{};
  });
  if (!status.ok()) return status;
  return entries;
}

}  // namespace rebuf::test
