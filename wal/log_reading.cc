// LogImpl: replay and readers.
#include "wal/log_impl.h"
#include "wal/reader_impl.h"

namespace rebuf {

namespace {
constexpr std::size_t replay_block_bytes = std::size_t{256} << 10;
}

Status LogImpl::replay(const std::function<Status(Bytes)>& callback) {
  return replay_from(0, callback);
}

Status LogImpl::replay_from(SegmentId segment, const std::function<Status(Bytes)>& callback) {
  if (Status status = refusal(); !status) return status;
  const Position end = segments_.committed();
  // The active segment is always included, whatever number is asked for.
  const Position from{std::min(segment, end.segment), 0};
  ReaderImpl reader({fs_, dir_, segments_, damage_, options_.ordinal_of}, from);
  reader.stop_at(end);
  Block block;
  do {
    if (Status status = reader.next_into(block, replay_block_bytes); !status) return status;
    for (const EntryRef& entry : block.entries) {
      if (Status status = callback(entry.data); !status) return status;
    }
  } while (!block.entries.empty());
  return {};
}

std::unique_ptr<Reader> LogImpl::reader(Position from) {
  const ReaderImpl::Source source{fs_, dir_, segments_, damage_, options_.ordinal_of};
  return std::make_unique<ReaderImpl>(source, from);
}

}  // namespace rebuf
