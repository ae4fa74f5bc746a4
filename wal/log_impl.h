// The Log behind rebuf/log.h: owns the directory and wires its parts together. Any thread may call
// anything; each part says how it is guarded.
#pragma once

#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/file_system.h"
#include "rebuf/log.h"
#include "wal/committer.h"
#include "wal/cursor_store.h"
#include "wal/damage_record.h"
#include "wal/interval_sync.h"
#include "wal/listing.h"
#include "wal/quarantine.h"
#include "wal/recovery.h"
#include "wal/segment_set.h"
#include "wal/writer.h"

namespace rebuf {

class LogImpl final : public Log {
 public:
  LogImpl(const std::filesystem::path& dir, Options options);
  ~LogImpl() override;

  // open.cc. Once, before anything else.
  [[nodiscard]] Status start();

  // log_impl.cc
  [[nodiscard]] Status write(Bytes data) override;
  [[nodiscard]] Status write_batch(std::span<const Bytes> entries) override;
  [[nodiscard]] Status append(std::span<const Bytes> entries, std::uint64_t tag) override;
  void resume_appends() override;
  [[nodiscard]] Status seal() override;
  [[nodiscard]] Status sync() override;
  [[nodiscard]] Status close() override;
  [[nodiscard]] std::uint64_t segment_count() const override;
  [[nodiscard]] std::uint64_t bytes() const override;
  [[nodiscard]] std::uint64_t current_log_size() const override;
  [[nodiscard]] const std::filesystem::path& dir() const override { return dir_; }
  [[nodiscard]] Stats stats() const override;

  // log_reading.cc
  [[nodiscard]] Status replay(const std::function<Status(Bytes)>& callback) override;
  [[nodiscard]] Status replay_from(SegmentId segment,
                                   const std::function<Status(Bytes)>& callback) override;
  [[nodiscard]] std::unique_ptr<Reader> reader(Position from) override;

  // purge.cc
  [[nodiscard]] Status purge() override;
  [[nodiscard]] Status purge_through(SegmentId segment) override;

  // log_cursor.cc
  [[nodiscard]] Status save_cursor(const Cursor& cursor) override;
  [[nodiscard]] const CursorFound& cursor_at_open() const override { return cursor_found_; }
  [[nodiscard]] std::optional<std::uint64_t> last_ordinal_at_open() const override {
    return last_ordinal_;
  }

 private:
  // open.cc
  [[nodiscard]] Status check_options() const;
  [[nodiscard]] Status make_directories();
  [[nodiscard]] Status sync_newest(const LogListing& listing);
  [[nodiscard]] Status recover_active(const LogListing& listing, SegmentId active);
  [[nodiscard]] Status adopt_active(std::shared_ptr<File> file, SegmentId active,
                                    const LogListing& listing);
  [[nodiscard]] Status begin_writing(bool seal_first);
  void find_last_ordinal();
  // log_cursor.cc
  [[nodiscard]] Status load_cursor(const LogListing& listing);
  [[nodiscard]] Status check_cursor();
  [[nodiscard]] std::optional<CursorRecord::Before> entry_before(const Cursor& cursor);
  [[nodiscard]] Status keep_next_segment();
  // purge.cc
  [[nodiscard]] Status remove_segments(const std::vector<SegmentId>& ids);

  [[nodiscard]] Status check_entries(std::span<const Bytes> entries) const;
  [[nodiscard]] Status empty_entry() const;
  [[nodiscard]] Status refusal() const;  // closed, or ok
  void on_failed(const Status& status);
  void say(LogLevel level, const std::string& text) const;
  [[nodiscard]] std::filesystem::path segment_path(SegmentId id) const;
  [[nodiscard]] std::filesystem::path failure_mark() const;

  const std::filesystem::path dir_;
  const Options options_;  // state_dir and max_quarantine_bytes filled in
  FileSystem& fs_;

  SegmentSet segments_;
  Quarantine quarantine_;
  DamageRecord damage_;
  std::unique_ptr<File> directory_;  // open and locked until close()
  // Made by start().
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Committer> committer_;
  std::unique_ptr<IntervalSync> interval_sync_;

  std::vector<std::string> foreign_files_;
  std::optional<std::uint64_t> last_ordinal_;
  CursorFound cursor_found_;
  std::atomic<bool> closed_ = false;

  std::mutex purge_mutex_;  // one purge at a time; held over its unlinks

  std::mutex cursor_mutex_;  // guards the rest; held over saving
  CursorStore cursor_store_;
  CursorRecord cursor_record_;  // as it is on disk
  // Where the walk to the last saved cursor ended, so that the next one goes on from there.
  struct Walked {
    Position position;
    std::shared_ptr<File> file;
    std::optional<CursorRecord::Before> before = std::nullopt;  // of `position`
  };
  std::optional<Walked> walked_;
};

}  // namespace rebuf
