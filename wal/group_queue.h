// Groups in the order in which they commit, and their entries side by side in the same order: a
// thousand appends are two arrays, which one thread fills and another goes through, instead of a
// thousand objects that both reach for. Guarded by its owner.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "wal/frames.h"
#include "wal/group.h"

namespace rebuf {

class GroupQueue {
 public:
  // `pieces` are the group's. Throws std::bad_alloc; then nothing has changed.
  void add(const Group& group, std::span<const Piece> pieces);
  [[nodiscard]] bool empty() const { return first_group_ == groups_.size(); }
  [[nodiscard]] std::span<const Group> groups() const {
    return std::span(groups_).subspan(first_group_);
  }
  [[nodiscard]] std::span<const Piece> pieces() const {
    return std::span(pieces_).subspan(first_piece_);
  }
  void drop_front(std::size_t groups);
  void cancel_asynchronous();

 private:
  std::vector<Group> groups_;
  std::vector<Piece> pieces_;
  std::size_t first_group_ = 0;  // those before are dropped
  std::size_t first_piece_ = 0;
};

}  // namespace rebuf
