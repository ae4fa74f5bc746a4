// The backlog: what is on disk only (the gap), and how it comes back into the window.
#include <algorithm>

#include "daemon/route/core.h"

namespace rebuf::daemon {
namespace {

constexpr std::chrono::milliseconds read_retry_pause{1000};
// An entry that does not fit beside what the sink holds is not read again and again meanwhile.
constexpr std::chrono::milliseconds memory_pause{20};

std::int64_t arrival_of(std::span<const std::byte> data) {
  const auto envelope = decode(data);
  return envelope ? envelope->arrival_ms : 0;
}

}  // namespace

void Core::start(const Recovered& found, Time now) {
  now_ = now;
  phase_at_ = now;
  state_since_ = now;
  phase_reason_ = "waiting for the sink's first answer";
  probe_at_ = now;
  probe_delay_ = settings_.probe_min;
  next_ordinal_ = found.next_ordinal;
  log_bytes_ = found.log_bytes;
  cursor_.position = found.position;
  cursor_.ordinal = found.ordinal.value_or(0);
  undated_before_ = found.undated_before;
  if (found.messages == 0 && !found.uncounted) return;
  totals_.recovered = found.messages;
  backlog_ = found.messages;
  backlog_bytes_ = found.bytes;
  gap_open_ = true;
  gap_position_ = found.position;
  gap_ordinal_ = found.ordinal;
  gap_messages_ = found.messages;
  gap_arrival_ms_ = found.oldest_arrival_ms;
  read_to_end_ = true;
}

// The ordinal of the first entry behind the gap.
std::uint64_t Core::gap_end() const {
  return tail_.empty() ? next_ordinal_ : tail_.front()->ordinal;
}

void Core::open_gap(const Entry& first) {
  gap_open_ = true;
  gap_position_ = first.begin;
  gap_ordinal_ = first.ordinal;
  gap_messages_ = 0;
  gap_arrival_ms_ = arrival_of(first.envelope);
  read_to_end_ = false;
}

// Committed entries leave memory at the tail's front. While draining, half a window stays, so that
// the gap can close.
void Core::trim_tail() {
  const std::uint64_t keep = phase_ == Phase::draining ? settings_.route.window_max_bytes / 2 : 0;
  const auto keeps_all = [&] {
    return tail_bytes_ <= keep &&
           MemoryBudget::cost(tail_bytes_, tail_.size()) <= settings_.sink_memory / 2;
  };
  while (!tail_.empty() && tail_.front()->in_log == Entry::InLog::yes &&
         (!keeps_all() || tail_.front()->done())) {
    Entry* entry = tail_.front();
    if (!entry->done()) {  // done: it was dropped
      if (!gap_open_) open_gap(*entry);
      ++gap_messages_;
    }
    tail_.pop_front();
    tail_bytes_ -= entry->framed_bytes();
    pool_.give_back(entry);
  }
}

// When the gap is read, what the tail holds follows from memory, as far as the window has room. A
// request stays in one piece.
void Core::join_tail() {
  if (phase_ == Phase::buffering) return;
  if (gap_open_) {
    if (read_to_end_ || !gap_ordinal_ || *gap_ordinal_ < gap_end()) return;
    lost_in_gap(gap_messages_, DropReason::damaged);
    gap_open_ = false;
  }
  while (!tail_.empty() && has_window_room(*tail_.front()->request)) {
    const Request* const request = tail_.front()->request;
    do {
      Entry* entry = tail_.front();
      tail_.pop_front();
      tail_bytes_ -= entry->framed_bytes();
      push_to_window(entry);
    } while (!tail_.empty() && tail_.front()->request == request);
  }
}

void Core::lost_in_gap(std::uint64_t messages, DropReason reason) {
  messages = std::min(messages, gap_messages_);
  gap_messages_ -= messages;
  backlog_ -= messages;
  if (backlog_ == 0) backlog_bytes_ = 0;
  totals_.dropped[static_cast<std::size_t>(reason)] += messages;
}

// Moves the gap's begin to the ordinal `to`: the messages before it are gone for `reason`.
void Core::advance_gap(std::uint64_t to, DropReason reason) {
  if (!gap_ordinal_) gap_ordinal_ = to;
  if (to <= *gap_ordinal_) return;
  lost_in_gap(to - *gap_ordinal_, reason);
  gap_ordinal_ = to;
}

void Core::log_read(const Block& block, Time now) {
  now_ = now;
  reading_ = false;
  if (!gap_open_) return;
  const std::uint64_t end = gap_end();
  bool met = false;   // the entries behind the gap are in memory
  bool full = false;  // the rest of the block is read again when there is memory for it
  for (const EntryRef& ref : block.entries) {
    if (ref.begin < gap_position_) continue;  // dropped while it was read
    const auto ordinal = ordinal_of(ref.data);
    if (ordinal && *ordinal >= end) {
      met = true;
      break;
    }
    const std::uint64_t bytes = window_bytes_ + frame_bytes + ref.data.size();
    full =
        !window_.empty() && MemoryBudget::cost(bytes, window_.size() + 1) > settings_.sink_memory;
    if (full) {
      if (&ref == &block.entries.front()) read_retry_at_ = now + memory_pause;
      break;
    }
    read_entry(ref, block, now);
  }
  if (!block.entries.empty()) gap_arrival_ms_ = arrival_of(block.entries.back().data);
  if (met) {
    read_to_end_ = false;
    advance_gap(end, DropReason::damaged);
  } else if (!full) {
    gap_position_ = std::max(gap_position_, block.next);
    if (block.at_end) {  // everything that was committed when the read began has been seen
      read_to_end_ = false;
      advance_gap(std::min(gap_end_at_read_, end), DropReason::damaged);
    }
  }
  join_tail();
  submit_ready(now);
  enter_direct_if_caught_up(now);
}

void Core::read_entry(const EntryRef& ref, const Block& block, Time now) {
  gap_position_ = ref.end;
  const auto ordinal = ordinal_of(ref.data);
  if (ordinal) {
    advance_gap(*ordinal, DropReason::damaged);
    gap_ordinal_ = *ordinal + 1;
  }
  Entry* entry = pool_.take();
  entry->owner = block.memory;
  entry->envelope = ref.data;
  entry->in_log = Entry::InLog::yes;
  entry->resolved = true;
  entry->has_ordinal = ordinal.has_value();
  entry->ordinal = ordinal.value_or(0);
  entry->begin = ref.begin;
  entry->end = ref.end;
  entry->since = now;
  push_to_window(entry);
  if (gap_messages_ > 0) {
    --gap_messages_;
  } else {  // more than is known of: found at start, or the commit had failed
    ++totals_.recovered;
    ++backlog_;
    backlog_bytes_ += entry->framed_bytes();
  }
}

void Core::log_read_failed(Time now) {
  now_ = now;
  reading_ = false;
  read_retry_at_ = now + read_retry_pause;
}

}  // namespace rebuf::daemon
