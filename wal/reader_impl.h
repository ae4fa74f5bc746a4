// The Reader behind rebuf/reader.h. Holds the file of the segment it is in, so that a purge does
// not cut it short. Owned by one thread at a time.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include "rebuf/file_system.h"
#include "rebuf/reader.h"
#include "wal/block_reader.h"
#include "wal/damage_record.h"
#include "wal/segment_set.h"

namespace rebuf {

class ReaderImpl final : public Reader {
 public:
  // All outlive the reader.
  struct Source {
    FileSystem& fs;
    const std::filesystem::path& dir;
    SegmentSet& segments;
    DamageRecord& damage;
    const OrdinalOf& ordinal_of;
    // For how long a completed segment that cannot be read is tried before it is read around.
    std::chrono::milliseconds patience{30'000};
  };
  ReaderImpl(const Source& source, Position from);

  [[nodiscard]] Result<Block> next(std::size_t max_bytes) override;
  [[nodiscard]] bool wait(std::chrono::milliseconds timeout) override;
  void seek(Position to) override;
  [[nodiscard]] Position position() const override { return at_; }

  // Nothing at or behind `bound` is read: for replay, which ends where the log ended.
  void stop_at(Position bound) { bound_ = bound; }
  // next(), into a block that is used again.
  [[nodiscard]] Status next_into(Block& block, std::size_t max_bytes);

 private:
  enum class Found : std::uint8_t { extent, nothing };
  [[nodiscard]] Status fill(Block& block, std::size_t max_bytes);
  [[nodiscard]] Result<std::optional<Extent>> locate(Block& block);
  [[nodiscard]] std::optional<Extent> extent_in_file();
  [[nodiscard]] Status enter_segment(const SegmentSet::Place& place, Block& block);
  void leave_segment();
  [[nodiscard]] bool read_around();
  void pass_over(const Damage& damage, Block& block);
  [[nodiscard]] std::uint64_t bounded(std::uint64_t limit) const;

  const Source source_;
  BlockReader blocks_;
  Position at_;
  std::optional<Position> bound_;

  // The segment at_ is in, if it is open.
  std::shared_ptr<File> file_;
  SegmentId segment_ = 0;
  std::uint64_t limit_ = 0;        // of what may be read of it, as last seen
  bool complete_ = false;          // and it will not grow
  std::optional<SegmentId> left_;  // the segment read before
};

}  // namespace rebuf
