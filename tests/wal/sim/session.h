// A log on a SimFileSystem and the ledger of all that was asked of it. One thread; only the log's
// own threads run beside it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "rebuf/log.h"
#include "tests/wal/sim/ledger.h"
#include "tests/wal/sim/sim_file_system.h"

namespace rebuf::test {

inline const std::filesystem::path log_dir = "/log";

[[nodiscard]] inline Bytes bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text.data(), text.size()));
}
[[nodiscard]] inline std::string text_of(Bytes data) {
  return {reinterpret_cast<const char*>(data.data()), data.size()};
}

class Session {
 public:
  Session(SimFileSystem& fs, Options options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  // Each does what the log's call of the same name does, and notes it. Sizes are of entries.
  Status open();
  Status close();
  Status write(std::size_t bytes);
  Status write_batch(const std::vector<std::size_t>& sizes);
  Status append(const std::vector<std::size_t>& sizes);  // await_appends() before anything else
  void await_appends();
  Status sync();
  Status seal();
  Status purge();
  Status purge_through(SegmentId segment);
  Status save_cursor(Position position);

  [[nodiscard]] Log& log() { return *log_; }
  [[nodiscard]] bool is_open() const { return log_ != nullptr; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] const std::vector<Status>& failures() const { return failures_; }

 private:
  // Entries of one call, from `first` on in the ledger.
  struct Group {
    std::size_t first = 0;
    std::vector<std::string> data;
  };

  Group begin(const std::vector<std::size_t>& sizes);
  void end(const Group& group, const Status& status, Position end);
  void note_found();
  void note_dropped(Moment since);
  void appended(std::span<const Appended> ended);
  void synced(const Status& status);
  Status purging(const std::function<Status()>& purge, SegmentId through);
  Status noted(Status status);

  SimFileSystem& fs_;
  Options options_;
  std::unique_ptr<Log> log_;

  std::mutex mutex_;  // guards what follows against the log's commit thread
  std::condition_variable ended_;
  Ledger ledger_;
  std::deque<Group> queued_;  // by tag; the bytes stay until the end
  std::size_t outstanding_ = 0;
  bool append_failed_ = false;
  std::vector<Status> failures_;
};

// All entries that a replay gives, or the replay's error.
[[nodiscard]] Result<std::vector<std::string>> replayed(Log& log);

}  // namespace rebuf::test
