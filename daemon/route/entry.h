// One message in the route's memory, from the moment it is accepted (or read from the log) until
// nothing needs it any more. Owned by the core's pool; all access under the route's lock.
#pragma once

#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "daemon/request.h"
#include "rebuf/position.h"

namespace rebuf::daemon {

struct Entry {
  enum class InLog : std::uint8_t {
    no,
    queued,  // appended, not yet committed
    yes,     // committed: counted as backlog
  };
  enum class AtSink : std::uint8_t {
    waiting,      // not submitted (or given back)
    submitted,    // held by the sink
    refused,      // refused for what it is; its request or the dead letters decide
    dead_letter,  // on its way to the dead letters
    done,
  };

  std::shared_ptr<const void>
      owner;                   // keeps `envelope` alive: the request, or the block it was read in
  Request* request = nullptr;  // null for what was read from the log
  std::span<const std::byte> envelope;  // or the whole entry of a Go writer
  std::uint32_t index = 0;              // within the request
  InLog in_log = InLog::no;
  AtSink at_sink = AtSink::waiting;
  bool resolved = false;  // its part of the request's answer is known
  bool replayed = false;  // read from the log, or submitted when it was already there
  sinks::Refusal refusal = sinks::Refusal::none;
  std::uint64_t ordinal =
      0;  // valid unless in_log == no; 0 with has_ordinal false for a Go writer's entry
  bool has_ordinal = false;
  Position begin, end;      // valid when in_log == yes
  Clock::time_point since;  // accepted, or read: what spill_after looks at
  Clock::time_point submitted_at;

  // Bytes it takes in the log.
  [[nodiscard]] std::uint64_t framed_bytes() const { return envelope.size() + 12; }
  [[nodiscard]] bool done() const { return at_sink == AtSink::done; }
  [[nodiscard]] Request* client() const {
    return request != nullptr && !request->progress.answered ? request : nullptr;
  }
};

// Entries are taken and given back by the ten thousand a second: a free list keeps their memory.
class EntryPool {
 public:
  [[nodiscard]] Entry* take() {
    if (free_.empty()) {
      all_.emplace_back();
      return &all_.back();
    }
    Entry* entry = free_.back();
    free_.pop_back();
    return entry;
  }
  void give_back(Entry* entry) {
    *entry = Entry{};
    free_.push_back(entry);
  }

 private:
  std::deque<Entry> all_;  // never moves its elements
  std::vector<Entry*> free_;
};

}  // namespace rebuf::daemon
