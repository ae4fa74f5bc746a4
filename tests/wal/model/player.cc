#include "tests/wal/model/player.h"

#include <algorithm>
#include <map>
#include <set>

#include "tests/wal/sim/ledger.h"
#include "tests/wal/sim/session.h"

namespace rebuf::test {
namespace {

using Kind = Operation::Kind;

std::string name(Code code) { return std::string(rebuf::to_string(code)); }

std::optional<std::string> expect(const char* what, Code model, const Status& log) {
  if (model == log.code()) return std::nullopt;
  return std::string(what) + ": the model says " + name(model) + ", the log " + log.message();
}

std::vector<Bytes> spans_of(const std::vector<std::string>& data) {
  std::vector<Bytes> spans;
  spans.reserve(data.size());
  for (const std::string& one : data) spans.push_back(bytes_of(one));
  return spans;
}

}  // namespace

std::optional<std::string> Player::play(const Sequence& sequence) {
  Player player;
  for (std::size_t i = 0; i < sequence.size(); ++i) {
    Difference difference = player.step(sequence[i]);
    if (!difference) difference = player.same_face();
    if (difference) return "operation " + std::to_string(i) + ": " + *difference;
  }
  return player.settle();
}

Player::Difference Player::step(const Operation& operation) {
  // Only appends, replays and reads run beside appends that are under way.
  const bool beside = operation.kind == Kind::append || operation.kind == Kind::replay;
  if (!beside)
    if (auto difference = settle()) return difference;
  switch (operation.kind) {
    case Kind::write:
      return write(operation, false);
    case Kind::write_batch:
      return write(operation, true);
    case Kind::append:
      return append(operation);
    case Kind::replay:
      return replay(operation);
    case Kind::replay_from:
      return replay_from(operation);
    case Kind::stopped_replay:
      return stopped_replay(operation);
    case Kind::read:
      return read(operation);
    case Kind::seek:
      return seek(operation);
    case Kind::sync:
      return expect("sync", Code::ok, log_->sync());
    case Kind::seal:
      return seal();
    case Kind::purge:
      return purge();
    case Kind::purge_through:
      return purge_through(operation);
    case Kind::save_cursor:
      return save_cursor(operation);
    case Kind::reopen:
      return reopen(operation);
    case Kind::refused:
      return refused(operation);
  }
  return "no such operation";
}

std::vector<std::string> Player::new_entries(std::uint32_t a, std::uint32_t b) {
  std::vector<std::string> data;
  for (std::uint32_t i = 0; i <= a % 5; ++i)
    data.push_back(numbered(++made_, 6 + (b >> (i * 4)) % 16 * (1 + b % 9)));
  return data;
}

Player::Difference Player::write(const Operation& operation, bool batch) {
  const auto data = new_entries(batch ? operation.a : 0, operation.b);
  const Status status =
      batch ? log_->write_batch(spans_of(data)) : log_->write(bytes_of(data.front()));
  return expect("write", model_.write(data), status);
}

Player::Difference Player::append(const Operation& operation) {
  std::unique_lock lock(mutex_);
  const std::uint64_t tag = queued_.size();
  queued_.push_back({new_entries(operation.a, operation.b), std::nullopt});
  const std::vector<Bytes> spans = spans_of(queued_.back().data);
  lock.unlock();
  return expect("append", Code::ok, log_->append(spans, tag));
}

Player::Difference Player::settle() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] {
    return std::all_of(queued_.begin(), queued_.end(), [](const Group& one) { return one.ended; });
  });
  Difference difference;
  bool failed = false;
  for (const Group& group : queued_) {
    const Code code = failed ? Code::cancelled : model_.write(group.data);
    failed = failed || code != Code::ok;
    if (code != *group.ended && !difference)
      difference = "append: the model says " + name(code) + ", the log " + name(*group.ended);
  }
  queued_.clear();
  lock.unlock();
  if (failed) log_->resume_appends();
  return difference;
}

Player::Difference Player::replay(const Operation&) {
  const std::vector<Model::Entry> before = model_.entries();
  std::vector<std::string> known = model_.data();
  {
    const std::lock_guard lock(mutex_);
    for (const Group& group : queued_)
      known.insert(known.end(), group.data.begin(), group.data.end());
  }
  const auto found = replayed(*log_);
  if (!found) return "replay: " + found.status().message();
  if (auto difference = settle()) return difference;
  return replay_difference(before, known, *found);
}

// Beside appends that are under way a replay gives what stood when it began and perhaps some of
// theirs, in order; but for whole segments that retention took meanwhile.
Player::Difference Player::replay_difference(const std::vector<Model::Entry>& before,
                                             const std::vector<std::string>& known,
                                             const std::vector<std::string>& found) const {
  auto next = known.begin();
  for (const std::string& data : found) {
    next = std::find(next, known.end(), data);
    if (next == known.end()) return "replay gives what is not there, or not in order";
    ++next;
  }
  const std::set<std::string> given(found.begin(), found.end());
  const std::vector<std::string> after = model_.data();
  const std::set<std::string> stands(after.begin(), after.end());
  std::map<SegmentId, std::set<bool>> by_segment;
  for (const Model::Entry& entry : before) {
    const bool there = given.contains(entry.data);
    by_segment[entry.begin.segment].insert(there);
    if (!there && stands.contains(entry.data)) return "replay passes an entry over";
  }
  for (const auto& [segment, there] : by_segment)
    if (there.size() > 1) return "replay gives half of a segment";
  for (const std::string& data : found)
    if (options_.on_full == OnFull::refuse && !stands.contains(data))
      return "replay gives an entry that was refused";
  return std::nullopt;
}

Player::Difference Player::replay_from(const Operation& operation) {
  const SegmentId from = operation.a % (model_.active().id + 3);
  std::vector<std::string> found;
  const Status status = log_->replay_from(from, [&](Bytes data) {
    found.push_back(text_of(data));
    return Status{};
  });
  if (auto difference = expect("replay_from", Code::ok, status)) return difference;
  if (found != model_.data(from)) return "replay_from gives other entries";
  return std::nullopt;
}

Player::Difference Player::stopped_replay(const Operation& operation) {
  const std::vector<std::string> all = model_.data();
  if (all.empty()) return std::nullopt;
  const std::size_t stop = operation.a % all.size();
  std::vector<std::string> found;
  const Status status = log_->replay([&](Bytes data) {
    found.push_back(text_of(data));
    return found.size() > stop ? Status(Code::cancelled, "enough") : Status{};
  });
  if (status.what() != "enough") return "the callback's error is lost: " + status.message();
  if (!std::equal(found.begin(), found.end(), all.begin()) || found.size() != stop + 1)
    return "a stopped replay gives other entries";
  return std::nullopt;
}

Player::Difference Player::read(const Operation& operation) {
  const Position from = reader_->position();
  const auto block = reader_->next(1 + operation.a % 400);
  if (!block) return "read: " + block.status().message();
  if (!block->damages.empty()) return "read finds damage: " + block->damages.front().reason;
  Position at = from;
  for (const EntryRef& entry : block->entries) {
    const auto known = model_.history().find(entry.begin);
    if (known == model_.history().end() || known->second.data != text_of(entry.data) ||
        known->second.end != entry.end || entry.begin < at)
      return "read gives an entry that is not there";
    at = entry.end;
  }
  if (block->next < at) return "read goes back";
  // None that stands was passed over.
  std::size_t given = 0;
  for (const Model::Entry& entry : model_.entries(from)) {
    while (given < block->entries.size() && block->entries[given].begin < entry.begin) ++given;
    const bool there = given < block->entries.size() && block->entries[given].begin == entry.begin;
    if (!there && entry.begin < block->next) return "read passes an entry over";
    if (!there && block->at_end) return "read says it is at the end before the end";
    if (!there) break;
  }
  if (block->entries.empty() && !block->at_end) return "read gives nothing before the end";
  return std::nullopt;
}

Player::Difference Player::seek(const Operation& operation) {
  const auto& history = model_.history();
  if (history.empty()) return std::nullopt;
  auto entry = history.begin();
  std::advance(entry, operation.a % history.size());
  reader_->seek(operation.b % 2 == 0 ? entry->second.begin : entry->second.end);
  return std::nullopt;
}

Player::Difference Player::seal() { return expect("seal", model_.seal(), log_->seal()); }

Player::Difference Player::purge() {
  if (auto difference = expect("purge", Code::ok, log_->purge())) return difference;
  const SegmentId next = log_->stats().end.segment;
  if (next < model_.active().id || (next == model_.active().id && model_.active().bytes > 0))
    return "purge uses a segment number again";
  model_.purge(next);
  return std::nullopt;
}

Player::Difference Player::purge_through(const Operation& operation) {
  const SegmentId segment = operation.a % (model_.active().id + 2);
  return expect("purge_through", model_.purge_through(segment), log_->purge_through(segment));
}

Player::Difference Player::save_cursor(const Operation& operation) {
  const std::vector<Model::Entry> all = model_.entries();
  Cursor cursor;
  cursor.position = all.empty() ? model_.end() : all[operation.a % all.size()].end;
  cursor.user.resize(operation.b % 100, std::byte(operation.b));
  cursor_ = cursor;
  return expect("save_cursor", Code::ok, log_->save_cursor(cursor));
}

Player::Difference Player::reopen(const Operation& operation) {
  if (log_) {
    reader_.reset();
    if (auto difference = expect("close", Code::ok, log_->close())) return difference;
    if (auto difference = expect("write", Code::closed, log_->write(bytes_of("x"))))
      return difference;
    log_.reset();
  }
  options_ = options_from(operation.a);
  options_.file_system = &fs_;
  options_.on_appended = [this](std::span<const Appended> ended) {
    const std::lock_guard lock(mutex_);
    for (const Appended& one : ended) queued_[one.tag].ended = one.status.code();
    ended_.notify_all();
  };
  model_.set_options(options_);
  auto opened = Log::open(log_dir, options_);
  if (!opened) return "open: " + opened.status().message();
  log_ = std::move(*opened);
  reader_ = log_->reader(log_->stats().oldest);
  return cursor_after_open();
}

Player::Difference Player::cursor_after_open() {
  const CursorFound& found = log_->cursor_at_open();
  if (!cursor_) {
    if (found.how != CursorFound::How::none) return "there is a cursor that nobody saved";
    return std::nullopt;
  }
  if (found.how == CursorFound::How::none) return "the cursor is gone";
  if (found.how == CursorFound::How::exact && found.cursor.user != cursor_->user)
    return "the cursor holds other bytes";
  const auto left = [&](Position from) { return model_.entries(from).size(); };
  if (left(found.cursor.position) < left(cursor_->position))
    return "the cursor passes entries over";
  if (found.how == CursorFound::How::exact && left(found.cursor.position) > left(cursor_->position))
    return "the cursor went back";
  return std::nullopt;
}

Player::Difference Player::refused(const Operation& operation) {
  const std::string right = "right";
  const std::vector<Bytes> with_empty = {bytes_of(right), {}};
  switch (operation.a % 3) {
    case 0:
      return expect("write of nothing", Code::invalid_argument, log_->write({}));
    case 1:
      return expect("batch with nothing", Code::invalid_argument, log_->write_batch(with_empty));
    default:
      return expect("append of nothing", Code::invalid_argument, log_->append(with_empty, 0));
  }
}

Player::Difference Player::same_face() {
  {
    const std::lock_guard lock(mutex_);
    if (!queued_.empty()) return std::nullopt;
  }
  const auto same = [](const char* what, std::uint64_t model, std::uint64_t log) -> Difference {
    if (model == log) return std::nullopt;
    return std::string(what) + ": the model has " + std::to_string(model) + ", the log " +
           std::to_string(log);
  };
  const Stats stats = log_->stats();
  for (const auto& difference :
       {same("segment_count", model_.completed().size(), log_->segment_count()),
        same("current_log_size", model_.active().bytes, log_->current_log_size()),
        same("stats.segments", model_.completed().size(), stats.segments),
        same("stats.bytes", model_.bytes(), stats.bytes),
        same("stats.active_bytes", model_.active().bytes, stats.active_bytes),
        same("stats.end.segment", model_.end().segment, stats.end.segment),
        same("stats.end.offset", model_.end().offset, stats.end.offset),
        same("stats.oldest.segment", model_.oldest().segment, stats.oldest.segment),
        same("stats.oldest.offset", model_.oldest().offset, stats.oldest.offset),
        same("stats.damaged_bytes", 0, stats.damaged_bytes),
        same("stats.foreign_files", 0, stats.foreign_files.size())})
    if (difference) return difference;
  return std::nullopt;
}

}  // namespace rebuf::test
