// The log as a plain list: what each call must do, without files, threads or durability.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rebuf/options.h"
#include "rebuf/position.h"
#include "rebuf/status.h"

namespace rebuf::test {

class Model {
 public:
  struct Entry {
    std::string data;
    Position begin;
    Position end;
  };
  struct Segment {
    SegmentId id = 0;
    std::uint64_t bytes = 0;
    std::vector<Entry> entries;
  };

  void set_options(const Options& options);

  // A write, a batch or an append of one group: ok or full.
  Code write(const std::vector<std::string>& entries);
  Code seal();
  Code purge_through(SegmentId segment);  // ok or invalid_argument
  // The log may go on at any id that was not used; it says at which.
  void purge(SegmentId next);

  [[nodiscard]] const std::vector<Segment>& completed() const { return completed_; }
  [[nodiscard]] const Segment& active() const { return active_; }
  [[nodiscard]] std::vector<Entry> entries(Position from = {}) const;
  [[nodiscard]] std::vector<std::string> data(SegmentId from = 0) const;
  [[nodiscard]] std::uint64_t bytes() const;
  [[nodiscard]] Position oldest() const;
  [[nodiscard]] Position end() const { return {active_.id, active_.bytes}; }
  // Every entry that ever was, also those that are gone: a reader may be in the middle of them.
  [[nodiscard]] const std::map<Position, Entry>& history() const { return history_; }

 private:
  Code rotate();

  std::uint64_t max_log_size_ = 0;
  std::uint64_t max_segments_ = 0;
  OnFull on_full_ = OnFull::drop_oldest;
  std::vector<Segment> completed_;
  Segment active_;
  std::map<Position, Entry> history_;
};

}  // namespace rebuf::test
