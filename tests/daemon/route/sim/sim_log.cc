#include "tests/daemon/route/sim/sim_log.h"

#include <algorithm>
#include <cstring>

#include "daemon/route/entry.h"

namespace rebuf::daemon::sim {

Number number_in(std::string_view value) {
  Number number = 0;
  if (value.size() < sizeof number) throw Violation("a value was changed");
  std::memcpy(&number, value.data(), sizeof number);
  return number;
}

Number number_of(Bytes data) {
  const auto envelope = decode(data);  // none: an entry of a Go writer
  return number_in(envelope
                       ? envelope->value
                       : std::string_view(reinterpret_cast<const char*>(data.data()), data.size()));
}

// --- the disk ---

Position SimDisk::append(std::span<const Bytes> group) {
  std::uint64_t size = 0;
  for (const Bytes data : group) size += data.size() + frame_bytes;
  if (segments.back().bytes > 0 && segments.back().bytes + size > segment_size)
    segments.push_back({segments.back().id + 1, 0, {}});
  Segment& active = segments.back();
  const Position first{active.id, active.bytes};
  for (const Bytes data : group) {
    Stored stored;
    stored.data = std::make_shared<const std::vector<std::byte>>(data.begin(), data.end());
    stored.begin = {active.id, active.bytes};
    active.bytes += data.size() + frame_bytes;
    stored.end = {active.id, active.bytes};
    judge.stored(number_of(data));
    active.entries.push_back(std::move(stored));
  }
  return first;
}

void SimDisk::remove_oldest_segment(Judge::Why why) {
  for (const Stored& stored : segments.front().entries)
    if (!stored.damaged) judge.removed(number_of(*stored.data), why);
  segments.pop_front();
}

std::uint64_t SimDisk::bytes() const {
  std::uint64_t sum = 0;
  for (const Segment& segment : segments) sum += segment.bytes;
  return sum;
}

std::size_t SimDisk::entries() const {
  std::size_t sum = 0;
  for (const Segment& segment : segments) sum += segment.entries.size();
  return sum;
}

void SimDisk::damage(std::size_t nth_entry) {
  for (Segment& segment : segments) {
    if (nth_entry >= segment.entries.size()) {
      nth_entry -= segment.entries.size();
      continue;
    }
    Stored& stored = segment.entries[nth_entry];
    if (!stored.damaged) judge.removed(number_of(*stored.data), Judge::Why::damaged);
    stored.damaged = true;
    return;
  }
}

// --- reading ---

namespace {

class SimReader final : public Reader {
 public:
  SimReader(SimDisk& disk, Position from) : disk_(disk), position_(from) {}

  Result<Block> next(std::size_t max_bytes) override {
    Block block;
    const auto memory = std::make_shared<std::vector<SimDisk::Data>>();
    std::uint64_t bytes = 0;
    block.at_end = true;
    for (const SimDisk::Segment& segment : disk_.segments) {
      if (segment.id < position_.segment) continue;
      for (const SimDisk::Stored& stored : segment.entries) {
        if (stored.begin < position_) continue;
        if (bytes >= max_bytes) {
          block.at_end = false;
          break;
        }
        bytes += stored.data->size();
        position_ = stored.end;
        if (stored.damaged) {
          block.damages.push_back({stored.begin, stored.data->size(), "bad CRC"});
          continue;
        }
        memory->push_back(stored.data);
        block.entries.push_back({stored.begin, stored.end, *stored.data});
      }
      if (!block.at_end) break;
    }
    block.memory = memory;
    block.next = position_;
    return block;
  }
  bool wait(std::chrono::milliseconds /*timeout*/) override { return true; }
  void seek(Position to) override { position_ = to; }
  Position position() const override { return position_; }

 private:
  SimDisk& disk_;
  Position position_;
};

}  // namespace

std::unique_ptr<Reader> SimLog::reader(Position from) {
  return std::make_unique<SimReader>(disk_, from);
}

// --- the log ---

SimLog::SimLog(SimDisk& disk, std::function<void()> step) : disk_(disk), step_(std::move(step)) {
  found_.cursor.position = Position{disk.segments.front().id, 0};
  if (disk.cursor && disk.cursor_lost) {
    found_.how = CursorFound::How::fell_back;
  } else if (disk.cursor) {
    found_.how = CursorFound::How::exact;
    found_.cursor = *disk.cursor;
  }
  disk.cursor_lost = false;
  const Cursor& cursor = found_.cursor;
  bool any_before = false;  // they would come again, if the cursor were not believed
  for (const SimDisk::Segment& segment : disk.segments)
    for (const SimDisk::Stored& stored : segment.entries) {
      any_before |= stored.begin < cursor.position;
      if (stored.damaged) continue;
      last_ = ordinal_of(*stored.data);
      if (any_before && stored.begin == cursor.position && cursor.ordinal != 0 && last_ &&
          *last_ != cursor.ordinal)
        throw Violation("P3: the cursor's ordinal is not that of the entry where it points");
    }
}

Status SimLog::append(std::span<const Bytes> entries, std::uint64_t tag) {
  if (failed_) return {Code::sync_failed, "fdatasync"};
  pending_.push_back({{entries.begin(), entries.end()}, tag});
  return {};
}

void SimLog::commit(std::size_t count, Fault fault) {
  for (; count > 0 && !pending_.empty(); --count) {
    const Pending pending = std::move(pending_.front());
    pending_.pop_front();
    Appended end;
    end.tag = pending.tag;
    end.entries = pending.group.size();
    if (suspended_) {
      end.status = {Code::cancelled, "an append before it failed"};
    } else if (disk_full || fault == Fault::full) {
      end.status = {Code::full, "pwritev"};
      suspended_ = true;
    } else if (fault != Fault::none) {
      end.status = {Code::sync_failed, "fdatasync"};
      suspended_ = failed_ = true;
      if (fault == Fault::sync_but_written)
        for (const Bytes data : pending.group)
          unsynced_.push_back(
              std::make_shared<const std::vector<std::byte>>(data.begin(), data.end()));
    } else {
      end.first = disk_.append(pending.group);
    }
    ended.push_back(std::move(end));
  }
}

void SimLog::crash(std::size_t written) {
  if (!suspended_ && !disk_full) commit(written);
  end();
}

void SimLog::end() {
  std::vector<Bytes> group(unsynced_.size());
  std::transform(unsynced_.begin(), unsynced_.end(), group.begin(),
                 [](const SimDisk::Data& data) { return Bytes(*data); });
  if (!group.empty()) disk_.append(group);
  unsynced_.clear();
}

Status SimLog::seal() {
  step_();
  commit(pending_.size());
  if (failed_) return {Code::sync_failed, "fdatasync"};
  if (disk_.segments.back().entries.empty()) return {};
  disk_.segments.push_back({disk_.segments.back().id + 1, 0, {}});
  return {};
}

Status SimLog::purge_through(SegmentId segment) {
  if (segment >= disk_.segments.back().id) return {Code::invalid_argument, "purge_through"};
  while (disk_.segments.front().id <= segment) {
    step_();
    disk_.remove_oldest_segment(purging);
  }
  return {};
}

Status SimLog::save_cursor(const Cursor& cursor) {
  step_();
  disk_.cursor = cursor;
  if (purging == Judge::Why::dropped)  // from here on these are given up, whatever happens next
    for (const SimDisk::Segment& segment : disk_.segments)
      for (const SimDisk::Stored& stored : segment.entries)
        if (stored.begin < cursor.position && !stored.damaged)
          disk_.judge.may_drop(number_of(*stored.data));
  return {};
}

Stats SimLog::stats() const {
  Stats stats;
  stats.segments = segment_count();
  stats.bytes = disk_.bytes();
  stats.active_bytes = disk_.segments.back().bytes;
  stats.end = {disk_.segments.back().id, disk_.segments.back().bytes};
  stats.oldest = stats.end;
  for (const SimDisk::Segment& segment : disk_.segments)
    if (!segment.entries.empty()) {
      stats.oldest = segment.entries.front().begin;
      break;
    }
  return stats;
}

}  // namespace rebuf::daemon::sim
