#include "wal/group_queue.h"

namespace rebuf {

namespace {

constexpr std::size_t few = 4096;  // places, which an empty queue keeps in any case

// Those that a round filled a quarter of are kept for the next one.
template <class Element>
bool has_too_many(const std::vector<Element>& places) {
  return places.capacity() > few && places.size() < places.capacity() / 4;
}

}  // namespace

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
  if (has_too_many(pieces_) || has_too_many(groups_)) {
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
