// Appends to the active segment, syncs it, completes it and begins the next one. Used by one thread
// at a time: whoever leads the commit (see committer.h).
//
// A failed write changes nothing: the file is cut back to the last good offset before anything else
// is written. A failed sync gives Code::sync_failed and is final, which the committer enforces.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

#include "rebuf/file_system.h"
#include "rebuf/options.h"
#include "rebuf/status.h"
#include "wal/gather.h"
#include "wal/group.h"
#include "wal/io.h"
#include "wal/segment_set.h"

namespace rebuf {

// Everything that was written so far is durable when it returns. Also beside the leader.
// Errors: sync_failed.
[[nodiscard]] Status sync_all(SegmentSet& segments, const std::filesystem::path& dir);
// fdatasync of one of the segments' files. When one has failed, all that come later do. Also beside
// the leader. Errors: sync_failed, which names `path`.
[[nodiscard]] Status sync_in_turn(File& file, SegmentSet& segments,
                                  const std::filesystem::path& path);

class Writer {
 public:
  enum class Retention : std::uint8_t { applies, ignored };

  // All outlive the writer. `directory` is the log directory, open and locked. `segments` has
  // started.
  Writer(FileSystem& fs, const std::filesystem::path& dir, File& directory, const Options& options,
         SegmentSet& segments);

  // Makes the active segment's file if there is none; its name is durable when it returns. Every
  // write does so too. Errors: full, io, sync_failed.
  [[nodiscard]] Status begin();

  struct Outcome {
    std::size_t groups = 0;  // written, from the front
    std::uint64_t entries = 0;
    std::uint64_t bytes = 0;  // framed
    Position first;           // of the first entry; all stand behind each other
    std::chrono::nanoseconds sync_time{0};
    Status status;  // theirs: ok, or sync_failed; a barrier's: any
    Status failed;  // of the group behind them; ok: it belongs into the next segment
  };
  // Writes groups from the front, as durably as the strategy promises; readers see them then.
  // Completes the active segment first when the first group does not fit. `pieces` are the entries
  // of the groups, and perhaps of more.
  [[nodiscard]] Outcome commit(std::span<const Group> groups, std::span<const Piece> pieces);
  // What is written is durable when it returns. Errors: sync_failed.
  [[nodiscard]] Status sync();
  // Completes the active segment if it holds anything; durable when it returns.
  // Errors: full (retention), io, sync_failed.
  [[nodiscard]] Status seal(Retention retention);
  // Gives back what was allocated ahead, syncs.
  [[nodiscard]] Status finish();

  [[nodiscard]] Position end() const { return {id_, end_}; }

 private:
  [[nodiscard]] bool fits(std::uint64_t bytes) const {
    return bytes <= options_.max_log_size && end_ <= options_.max_log_size - bytes;
  }
  [[nodiscard]] Status prepare(std::uint64_t bytes);
  [[nodiscard]] Status room_for_one_more() const;
  enum class SyncFirst : std::uint8_t { no, yes };
  [[nodiscard]] Status rotate();
  [[nodiscard]] Status complete(Retention retention, SyncFirst sync_first);
  [[nodiscard]] Status rename_active();
  [[nodiscard]] Status trim();
  [[nodiscard]] Status sync_names();
  void drop_oldest();
  void allocate_ahead(std::uint64_t bytes);
  static void from_front(std::span<const Group> groups, std::uint64_t most_bytes, Outcome& outcome);
  [[nodiscard]] WrittenBytes write_pieces(std::span<const Piece> pieces);
  void cut_back();

  FileSystem& fs_;
  const std::filesystem::path dir_;
  const std::filesystem::path active_path_;
  File& directory_;
  const Options& options_;
  SegmentSet& segments_;

  std::shared_ptr<File> file_;  // null: the active segment has no file yet
  SegmentId id_ = 0;
  std::uint64_t end_ = 0;        // of the last whole entry
  std::uint64_t allocated_ = 0;  // size of the file, >= end_
  bool tail_is_dirty_ = false;   // cutting back failed: bytes of a refused group follow end_
  Gather gather_;
};

}  // namespace rebuf
