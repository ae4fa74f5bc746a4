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

// What an entry takes in the log beside its data (docs/wal_format.md).
inline constexpr std::uint64_t frame_bytes = 12;
// Of the first message in a log; 0 stands for none, as in a cursor.
inline constexpr std::uint64_t first_ordinal = 1;

struct Entry {
  enum class InLog : std::uint8_t {
    no,
    queued,  // appended, not yet committed
    yes,     // committed: counted as backlog until it is done
    gone,    // its segment was dropped while the sink held it
  };
  enum class AtSink : std::uint8_t {
    waiting,      // not submitted, or given back
    submitted,    // held by the sink
    refused,      // for what it is, and its request is not decided yet
    dead_letter,  // on its way to the dead letters
    done,         // delivered, rejected, dropped or dead-lettered
  };

  std::shared_ptr<const void> owner;  // keeps `envelope` alive: the request, or the block it was in
  Request* request = nullptr;         // null for what was read from the log
  std::span<const std::byte> envelope;  // or the whole entry of a Go writer
  std::uint64_t place = 0;              // in the window: grows by one from message to message
  std::uint64_t ordinal = 0;            // valid while queued or in the log
  Position begin, end;                  // valid in the log
  Clock::time_point since;              // accepted, or read
  Clock::time_point submitted_at;
  std::uint32_t index = 0;  // within the request
  InLog in_log = InLog::no;
  AtSink at_sink = AtSink::waiting;
  sinks::Refusal refusal = sinks::Refusal::none;
  bool resolved = false;  // its part of the request's answer is known
  bool replayed = false;  // submitted when it was in the log
  bool has_ordinal = false;
  bool uncertain = false;   // the sink or the log could not say whether it took it
  bool purged = false;      // `gone` by the operator's purge, not by on_full: drop_oldest
  bool goes_alone = false;  // refused, to be tried again: with nothing else in the sink

  [[nodiscard]] std::uint64_t framed_bytes() const { return envelope.size() + frame_bytes; }
  [[nodiscard]] bool done() const { return at_sink == AtSink::done; }
  // To be submitted, or with the sink: its delivery is open.
  [[nodiscard]] bool open() const {
    return at_sink == AtSink::waiting || at_sink == AtSink::submitted;
  }
  // The request, while its client still waits.
  [[nodiscard]] Request* client() const {
    return request != nullptr && !request->progress.answered ? request : nullptr;
  }
  [[nodiscard]] std::shared_ptr<Request> shared_request() const {
    return {std::const_pointer_cast<void>(owner), request};
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
