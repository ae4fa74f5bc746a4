// A route's dead letters: a bounded rebuf log of its own (<route>/dead/) with the messages that the
// sink refused for what they are, each with reason, time, sink and its original envelope. Used by
// the route's worker thread only, but for count().
//
// <route>/dead/cursor stands behind what was put back into the route (or purged): letters before it
// are no letters any more, and their segments go. Its `user` bytes say how many stand up to a place
// near the end, so that opening reads the newest letters only, however many there are.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include "daemon/envelope.h"
#include "rebuf/log.h"

namespace rebuf::daemon {

// An entry of the log, big-endian:
//   0 4 magic F5 72 62 64     4 1 version (1)     5 1 reason length     6 1 sink length     7 1
//   zero 8 8 time, ms since the epoch     16 4 detail length     20 … reason, sink, detail,
//   envelope
struct DeadLetter {
  std::int64_t time_ms = 0;
  std::string_view reason;  // "too_large", …
  std::string_view sink;
  std::string_view detail;
  std::span<const std::byte> envelope;
};
[[nodiscard]] std::string encode(const DeadLetter& letter);
[[nodiscard]] std::optional<DeadLetter> decode_dead_letter(
    std::span<const std::byte> data) noexcept;

class DeadLetters {
 public:
  // `dir` is <route>/dead. Opening reads the newest letters, for their count and their ids: twice
  // `recent_bytes` at most, once they were counted. What cannot be read (or, on a full disk, not
  // be opened) is said, not an error: add() opens it again, and until then count() is of those
  // only that were read or counted before.
  [[nodiscard]] static Result<std::unique_ptr<DeadLetters>> open(
      const std::filesystem::path& dir, std::uint64_t max_bytes,
      std::function<void(LogLevel, std::string_view)> logger,
      std::uint64_t recent_bytes = default_recent_bytes, FileSystem* file_system = nullptr);
  // As much as may be repeated after a crash must fit: a window.
  static constexpr std::uint64_t default_recent_bytes = 16U << 20;

  // Durable when it returns. A message whose id was there at open is not added again. A log whose
  // sync failed is opened again first. Errors: full (max_bytes, or the disk), as Log::write.
  [[nodiscard]] Status add(const DeadLetter& letter);
  // The oldest letters, about `max_bytes` of them and one at least, to be put back into the route;
  // from here on their ids may be added again, whatever happens to the log meanwhile. Empty: there
  // are none.
  [[nodiscard]] Result<Block> oldest(std::size_t max_bytes);
  // The cursor passes these letters; durable when it returns. Their segments go.
  [[nodiscard]] Status pass(const Block& letters);
  // Deletes all; how many there were. Durable when it returns.
  [[nodiscard]] Result<std::uint64_t> purge();
  // Lets go of the directory. Nothing but count() afterwards.
  [[nodiscard]] Status close();
  // Why they could not be read when they were opened; ok: they could.
  [[nodiscard]] const Status& trouble_at_open() const { return trouble_at_open_; }
  [[nodiscard]] std::uint64_t count() const { return count_.load(std::memory_order_relaxed); }

 private:
  DeadLetters(std::filesystem::path dir, std::uint64_t max_bytes,
              std::function<void(LogLevel, std::string_view)> logger, std::uint64_t recent_bytes,
              FileSystem* file_system)
      : dir_(std::move(dir)),
        max_bytes_(max_bytes),
        logger_(std::move(logger)),
        recent_bytes_(recent_bytes),
        file_system_(file_system) {}
  // Between the cursor and `to` stand so many letters.
  struct Counted {
    Position to;
    std::uint64_t letters = 0;
    // The same when the cursor has passed so many, up to there.
    [[nodiscard]] Counted behind(Position cursor, std::uint64_t passed) const;
  };
  [[nodiscard]] Status open_log();
  [[nodiscard]] Status doubt_counted();
  [[nodiscard]] Status read_newest();
  [[nodiscard]] Status ensure_open();
  [[nodiscard]] Status move_cursor(Position to, std::uint64_t letters);
  [[nodiscard]] Status save_cursor(Position to, const Counted& counted);
  [[nodiscard]] Result<bool> stands_behind(Position at) const;
  void note_growth(Position end, std::uint64_t bytes);

  const std::filesystem::path dir_;
  const std::uint64_t max_bytes_;
  const std::function<void(LogLevel, std::string_view)> logger_;
  const std::uint64_t recent_bytes_;
  FileSystem* const file_system_;
  Status trouble_at_open_;
  std::unique_ptr<Log> log_;
  Position cursor_;
  Position taken_to_;               // the end of what oldest() has given
  Counted older_, newer_;           // `recent_bytes_` apart; the older one is saved with the cursor
  std::uint64_t bytes_behind_ = 0;  // newer_
  std::set<sinks::MessageId> newest_ids_;  // of the last ones: a crash repeats at most a window
  std::atomic<std::uint64_t> count_{0};
};

}  // namespace rebuf::daemon
