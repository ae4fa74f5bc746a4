#include "daemon/route/dead_letters.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <deque>

#include "daemon/route/entry.h"

namespace rebuf::daemon {
namespace {

constexpr std::array<unsigned char, 5> head_start{0xF5, 'r', 'b', 'd', 1};
constexpr std::size_t head_bytes = 20;
constexpr std::size_t ids_kept = 20'000;
constexpr std::uint64_t least_segment_bytes = 64 << 10;
constexpr std::uint64_t most_segment_bytes = 16 << 20;
constexpr std::size_t longest_detail = 4096;

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
    std::function<void(LogLevel, std::string_view)> logger) {
  std::unique_ptr<DeadLetters> letters(
      new DeadLetters(dir, max_bytes, std::move(logger)));  // private constructor
  const Status status = letters->open_log();
  if (status.code() == Code::io) {  // the route works without; add() tries again
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
  auto log = Log::open(dir_ / "log", std::move(options));
  if (!log) return log.status();

  std::deque<sinks::MessageId> ids;
  std::uint64_t count = 0;
  Status read = (*log)->replay([&](Bytes data) {
    ++count;
    if (const auto letter = decode_dead_letter(data))
      if (const auto envelope = daemon::decode(letter->envelope)) ids.push_back(envelope->id);
    if (ids.size() > ids_kept) ids.pop_front();
    return Status{};
  });
  if (!read.ok()) return read;
  newest_ids_ = {ids.begin(), ids.end()};
  count_.store(count, std::memory_order_relaxed);
  log_ = std::move(*log);
  return {};
}

Status DeadLetters::add(const DeadLetter& letter) {
  if (!log_ || !log_->stats().failure.ok())
    if (Status status = open_log(); !status.ok()) return status;
  const auto envelope = daemon::decode(letter.envelope);
  if (envelope && newest_ids_.contains(envelope->id)) return {};
  const std::string entry = encode(letter);
  if (log_->stats().bytes + entry.size() + frame_bytes > max_bytes_)
    return {Code::full, "the dead letters hold dead_letters.max_bytes", log_->dir().string()};
  Status status = log_->write(std::as_bytes(std::span(entry)));
  if (status.ok()) count_.fetch_add(1, std::memory_order_relaxed);
  return status;
}

}  // namespace rebuf::daemon
