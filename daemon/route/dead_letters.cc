#include "daemon/route/dead_letters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>
#include <utility>
#include <vector>

#include "daemon/route/entry.h"

namespace rebuf::daemon {
namespace {

constexpr std::array<unsigned char, 5> head_start{0xF5, 'r', 'b', 'd', 1};
constexpr std::size_t head_bytes = 20;
constexpr std::size_t ids_kept = 20'000;
constexpr std::uint64_t least_segment_bytes = 64 << 10;
constexpr std::uint64_t most_segment_bytes = 16 << 20;
constexpr std::size_t longest_detail = 4096;
constexpr std::size_t read_bytes = 1U << 20;

std::optional<sinks::MessageId> id_of(Bytes entry) {
  const auto letter = decode_dead_letter(entry);
  const auto envelope = letter ? daemon::decode(letter->envelope) : std::nullopt;
  return envelope ? std::optional(envelope->id) : std::nullopt;
}

constexpr std::size_t counted_bytes = 24;

void put(std::vector<std::byte>& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8)
    out.push_back(static_cast<std::byte>(value >> shift & 0xFF));
}

std::uint64_t get(std::span<const std::byte> in, std::size_t nth) {
  std::uint64_t value = 0;
  for (const std::byte byte : in.subspan(8 * nth, 8))
    value = value << 8 | std::to_integer<std::uint64_t>(byte);
  return value;
}

}  // namespace

std::string encode(const DeadLetter& letter) {
  const std::string_view reason = letter.reason.substr(0, 255);
  const std::string_view sink = letter.sink.substr(0, 255);
  const std::string_view detail = letter.detail.substr(0, longest_detail);
  std::string out(head_bytes, '\0');
  std::memcpy(out.data(), head_start.data(), head_start.size());
  out[5] = static_cast<char>(reason.size());
  out[6] = static_cast<char>(sink.size());
  for (std::size_t i = 0; i < 8; ++i)
    out[8 + i] = static_cast<char>(static_cast<std::uint64_t>(letter.time_ms) >> (56 - 8 * i));
  for (std::size_t i = 0; i < 4; ++i)
    out[16 + i] = static_cast<char>(detail.size() >> (24 - 8 * i));
  out.append(reason).append(sink).append(detail);
  out.append(reinterpret_cast<const char*>(letter.envelope.data()), letter.envelope.size());
  return out;
}

std::optional<DeadLetter> decode_dead_letter(std::span<const std::byte> data) noexcept {
  if (data.size() < head_bytes ||
      std::memcmp(data.data(), head_start.data(), head_start.size()) != 0)
    return std::nullopt;
  const auto byte = [&](std::size_t at) { return std::to_integer<std::uint64_t>(data[at]); };
  const std::size_t reason = byte(5);
  const std::size_t sink = byte(6);
  std::uint64_t time = 0;
  for (std::size_t i = 0; i < 8; ++i) time = time << 8 | byte(8 + i);
  std::size_t detail = 0;
  for (std::size_t i = 0; i < 4; ++i) detail = detail << 8 | byte(16 + i);
  const std::size_t left = data.size() - head_bytes;
  if (reason + sink > left || detail > left - reason - sink) return std::nullopt;
  const char* text = reinterpret_cast<const char*>(data.data()) + head_bytes;
  DeadLetter letter;
  letter.time_ms = static_cast<std::int64_t>(time);
  letter.reason = {text, reason};
  letter.sink = {text + reason, sink};
  letter.detail = {text + reason + sink, detail};
  letter.envelope = data.subspan(head_bytes + reason + sink + detail);
  return letter;
}

Result<std::unique_ptr<DeadLetters>> DeadLetters::open(
    const std::filesystem::path& dir, std::uint64_t max_bytes,
    std::function<void(LogLevel, std::string_view)> logger, std::uint64_t recent_bytes,
    FileSystem* file_system) {
  std::unique_ptr<DeadLetters> letters(  // private constructor
      new DeadLetters(dir, max_bytes, std::move(logger), recent_bytes, file_system));
  const Status status = letters->open_log();
  if (status.code() == Code::io || status.code() == Code::full) {
    // The route works without, and frees what fills the disk; add() tries again.
    letters->trouble_at_open_ = status;
    if (letters->logger_)
      letters->logger_(LogLevel::error, "the dead letters cannot be read: " + status.message());
  } else if (!status.ok()) {
    return status;
  }
  return letters;
}

Status DeadLetters::open_log() {
  log_.reset();
  Options options;
  options.max_log_size =
      std::clamp<std::uint64_t>(max_bytes_ / 8, least_segment_bytes, most_segment_bytes);
  options.max_segments = Options::unlimited;
  options.on_full = OnFull::refuse;
  options.state_dir = dir_;
  options.logger = logger_;
  options.file_system = file_system_;
  auto log = Log::open(dir_ / "log", std::move(options));
  if (!log) return log.status();
  log_ = std::move(*log);

  const CursorFound& found = log_->cursor_at_open();
  cursor_ = found.cursor.position;
  older_ = {cursor_, 0};
  if (found.how == CursorFound::How::exact && found.cursor.user.size() == counted_bytes) {
    const Counted counted{{get(found.cursor.user, 0), get(found.cursor.user, 1)},
                          get(found.cursor.user, 2)};
    if (cursor_ < counted.to && counted.to < log_->stats().end) older_ = counted;
  }
  Status status = doubt_counted();
  if (status.ok()) status = read_newest();
  if (!status.ok()) log_.reset();
  return status;
}

// A repair moves entries and not older_: when no entry begins where it ends, it counts for nothing.
Status DeadLetters::doubt_counted() {
  if (older_.to == cursor_) return {};
  const auto block = log_->reader(older_.to)->next(1);
  if (!block) return block.status();
  if (!block->damages.empty() && block->damages.front().begin == older_.to) older_ = {cursor_, 0};
  return {};
}

// What stands behind older_. The ids of letters that are on their way back stay unknown: those may
// die again.
Status DeadLetters::read_newest() {
  newer_ = older_;
  bytes_behind_ = 0;
  const Position saved = older_.to;
  std::deque<sinks::MessageId> ids;
  count_.store(older_.letters, std::memory_order_relaxed);
  const auto reader = log_->reader(older_.to);
  for (bool more = true; more;) {
    const auto block = reader->next(read_bytes);
    if (!block) return block.status();
    for (const EntryRef& entry : block->entries) {
      const auto id = entry.begin < taken_to_ ? std::nullopt : id_of(entry.data);
      if (id) ids.push_back(*id);
      if (ids.size() > ids_kept) ids.pop_front();
      count_.fetch_add(1, std::memory_order_relaxed);
      note_growth(entry.end, entry.data.size());
    }
    more = !block->at_end;
  }
  newest_ids_ = {ids.begin(), ids.end()};
  if (older_.to != saved)
    ignore(save_cursor(cursor_, older_), "the next start reads a little more");
  return {};
}

// A letter more, which ends there.
void DeadLetters::note_growth(Position end, std::uint64_t bytes) {
  bytes_behind_ += bytes;
  if (bytes_behind_ < recent_bytes_) return;
  older_ = std::exchange(newer_, {end, count()});
  bytes_behind_ = 0;
}

Status DeadLetters::save_cursor(Position to, const Counted& counted) {
  std::vector<std::byte> user;
  put(user, counted.to.segment);
  put(user, counted.to.offset);
  put(user, counted.letters);
  return log_->save_cursor({to, 0, std::move(user)});
}

Status DeadLetters::ensure_open() {
  return log_ && log_->stats().failure.ok() ? Status() : open_log();
}

Status DeadLetters::add(const DeadLetter& letter) {
  if (Status status = ensure_open(); !status.ok()) return status;
  const auto envelope = daemon::decode(letter.envelope);
  if (envelope && newest_ids_.contains(envelope->id)) return {};
  const std::string entry = encode(letter);
  if (log_->bytes() + entry.size() + frame_bytes > max_bytes_)
    return {Code::full, "the dead letters hold dead_letters.max_bytes", log_->dir().string()};
  if (Status status = log_->write(std::as_bytes(std::span(entry))); !status.ok()) return status;
  count_.fetch_add(1, std::memory_order_relaxed);
  const Position before = older_.to;
  note_growth(log_->stats().end, entry.size());
  if (older_.to != before)
    ignore(save_cursor(cursor_, older_),
           "the letter is durable; the next start reads a little more");
  return {};
}

Result<Block> DeadLetters::oldest(std::size_t max_bytes) {
  if (Status status = ensure_open(); !status.ok()) return status;
  const auto reader = log_->reader(cursor_);
  auto block = reader->next(max_bytes);
  while (block.ok() && block->entries.empty() && !block->at_end) block = reader->next(max_bytes);
  if (!block) return block;
  // The reader reads ahead.
  std::size_t bytes = 0;
  const auto past =
      std::find_if(block->entries.begin(), block->entries.end(), [&](const auto& entry) {
        bytes += entry.data.size();
        return bytes > max_bytes && &entry != &block->entries.front();
      });
  block->entries.erase(past, block->entries.end());
  for (const EntryRef& entry : block->entries)
    if (const auto id = id_of(entry.data)) newest_ids_.erase(*id);
  if (!block->entries.empty()) taken_to_ = std::max(taken_to_, block->entries.back().end);
  return block;
}

Status DeadLetters::pass(const Block& letters) {
  if (letters.entries.empty()) return {};
  return move_cursor(letters.entries.back().end, letters.entries.size());
}

Status DeadLetters::close() {
  if (!log_) return {};
  Status status = log_->close();
  log_.reset();
  return status;
}

Result<std::uint64_t> DeadLetters::purge() {
  if (Status status = ensure_open(); !status.ok()) return status;
  const std::uint64_t letters = count();
  if (Status status = move_cursor(log_->stats().end, letters); !status.ok()) return status;
  newest_ids_.clear();
  return letters;
}

Result<bool> DeadLetters::stands_behind(Position at) const {
  const auto reader = log_->reader(at);
  auto block = reader->next(1);
  while (block.ok() && block->entries.empty() && !block->at_end) block = reader->next(1);
  if (!block) return block.status();
  return !block->entries.empty();
}

DeadLetters::Counted DeadLetters::Counted::behind(Position cursor, std::uint64_t passed) const {
  if (to <= cursor) return {cursor, 0};
  return {to, letters - std::min(passed, letters)};
}

Status DeadLetters::move_cursor(Position to, std::uint64_t letters) {
  if (Status status = ensure_open(); !status.ok()) return status;
  const auto more = stands_behind(to);
  if (!more) return more.status();
  letters = *more ? std::min(letters, count()) : count();
  if (!*more) {  // the active segment can go too
    if (Status status = log_->seal(); !status.ok()) return status;
    to = log_->stats().end;
  }
  const Counted older = older_.behind(to, letters);
  if (Status status = save_cursor(to, older); !status.ok()) return status;
  older_ = older;
  newer_ = newer_.behind(to, letters);
  cursor_ = to;
  count_.fetch_sub(letters, std::memory_order_relaxed);
  return to.segment == 0 ? Status() : log_->purge_through(to.segment - 1);
}

}  // namespace rebuf::daemon
