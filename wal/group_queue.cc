#include "wal/group_queue.h"

namespace rebuf {

namespace {
constexpr std::size_t most_kept = 4096;  // entries' places that an empty queue keeps
}

void GroupQueue::add(const Group& group, std::span<const Piece> pieces) {
  groups_.push_back(group);
  try {
    pieces_.insert(pieces_.end(), pieces.begin(), pieces.end());
  } catch (...) {
    groups_.pop_back();
    throw;
  }
}

void GroupQueue::drop_front(std::size_t groups) {
  for (const Group& group : this->groups().first(groups)) first_piece_ += group.entries;
  first_group_ += groups;
  if (!empty()) return;
  if (pieces_.capacity() > most_kept || groups_.capacity() > most_kept) {
    *this = {};
    return;
  }
  groups_.clear();
  pieces_.clear();
  first_group_ = first_piece_ = 0;
}

void GroupQueue::cancel_asynchronous() {
  for (Group& group : std::span(groups_).subspan(first_group_)) {
    group.cancelled = group.cancelled || group.waiter == nullptr;
  }
}

}  // namespace rebuf
