// The records of answered keys on disk: a rebuf log of its own in <route>/idempotency/. Blocks on
// the disk; belongs to one thread at a time: who opens the gate, then the KeyWriter's.
//
// What write() took survives a SIGKILL when it returns, and a power cut once sync() has: within
// sync_after of it. Bounded by max_bytes and three segments; segments go as soon as none of their
// records is needed. While the log cannot be written, keys are kept in memory alone and the logger
// is told; one whose sync failed, or that could not be opened, is opened again, once a second at
// most.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "daemon/idempotency/key_record.h"
#include "rebuf/log.h"

namespace rebuf::daemon::idempotency {

class KeyLog {
 public:
  using Logger = std::function<void(LogLevel, std::string_view)>;
  static constexpr std::chrono::seconds sync_after{1};

  // `dir` is <route>/idempotency; made with the first record. `file_system`: see rebuf/options.h.
  KeyLog(std::filesystem::path dir, std::uint64_t max_bytes, Logger logger,
         FileSystem* file_system = nullptr);
  ~KeyLog();

  // Once, before anything else: every record that stands, in order. `restore` returns its number.
  void load(const std::function<std::uint64_t(const KeyRecord&)>& restore);

  // `last_number` is that of the last of them; numbers grow.
  void write(std::span<const std::string> records, std::uint64_t last_number);
  // When sync() is due; empty: everything is on the disk.
  [[nodiscard]] std::optional<Clock::time_point> sync_due() const { return sync_due_; }
  void sync();
  // Lets go of the directory, synced; the next record would open it again.
  void close();
  // Removes the segments whose records all have lower numbers.
  void purge_before(std::uint64_t number);

 private:
  struct Segment {
    SegmentId id = 0;
    std::uint64_t last_number = 0;  // of its records
  };

  [[nodiscard]] Status open();
  [[nodiscard]] Status write_opened(std::span<const std::string> records);
  void failed(const Status& status);
  void note(SegmentId segment, std::uint64_t number);

  const std::filesystem::path dir_;
  const std::uint64_t max_bytes_;
  const Logger logger_;
  FileSystem* const file_system_;
  std::unique_ptr<Log> log_;      // null: not open
  Clock::time_point open_at_{};   // not before
  Clock::time_point tell_at_{};   // the logger, of failures
  std::deque<Segment> segments_;  // oldest first, the active one last
  std::optional<Clock::time_point> sync_due_;
};

}  // namespace rebuf::daemon::idempotency
