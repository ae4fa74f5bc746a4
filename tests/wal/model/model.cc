#include "tests/wal/model/model.h"

namespace rebuf::test {
namespace {

constexpr std::uint64_t header_bytes = 12;

}  // namespace

void Model::set_options(const Options& options) {
  max_log_size_ = options.max_log_size;
  max_segments_ = options.max_segments;
  on_full_ = options.on_full;
}

Code Model::rotate() {
  if (on_full_ == OnFull::refuse && completed_.size() >= max_segments_) return Code::full;
  while (completed_.size() >= max_segments_) completed_.erase(completed_.begin());
  completed_.push_back(active_);
  active_ = {completed_.back().id + 1, 0, {}};
  return Code::ok;
}

Code Model::write(const std::vector<std::string>& entries) {
  std::uint64_t bytes = 0;
  for (const std::string& data : entries) bytes += header_bytes + data.size();
  if (active_.bytes > 0 && active_.bytes + bytes > max_log_size_)
    if (const Code code = rotate(); code != Code::ok) return code;
  for (const std::string& data : entries) {
    const Position begin = end();
    active_.bytes += header_bytes + data.size();
    active_.entries.push_back({data, begin, end()});
    history_[begin] = active_.entries.back();
  }
  return Code::ok;
}

Code Model::seal() { return active_.entries.empty() ? Code::ok : rotate(); }

Code Model::purge_through(SegmentId segment) {
  if (segment >= active_.id) return Code::invalid_argument;
  std::erase_if(completed_, [&](const Segment& one) { return one.id <= segment; });
  return Code::ok;
}

void Model::purge(SegmentId next) {
  completed_.clear();
  active_ = {next, 0, {}};
}

std::vector<Model::Entry> Model::entries(Position from) const {
  std::vector<Entry> all;
  const auto take = [&](const Segment& segment) {
    for (const Entry& entry : segment.entries)
      if (entry.begin >= from) all.push_back(entry);
  };
  for (const Segment& segment : completed_) take(segment);
  take(active_);
  return all;
}

std::vector<std::string> Model::data(SegmentId from) const {
  std::vector<std::string> all;
  const SegmentId first = std::min(from, active_.id);  // the active one is always included
  for (const Entry& entry : entries({first, 0})) all.push_back(entry.data);
  return all;
}

std::uint64_t Model::bytes() const {
  std::uint64_t sum = active_.bytes;
  for (const Segment& segment : completed_) sum += segment.bytes;
  return sum;
}

Position Model::oldest() const {
  const std::vector<Entry> all = entries();
  return all.empty() ? end() : all.front().begin;
}

}  // namespace rebuf::test
