// Collects framed entries for one pwritev: small ones are copied side by side, so that a thousand
// of them are one vector; large ones are pointed to. Owned by one thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wal/group.h"

namespace rebuf {

class Gather {
 public:
  // False: it is full, write() what it holds and clear() it first. An empty one takes any piece.
  [[nodiscard]] bool add(const Piece& piece);
  [[nodiscard]] std::span<::iovec> vectors() { return vectors_; }  // may be changed, then clear()
  void clear();

 private:
  void extend(std::byte* staged, std::size_t bytes);

  std::unique_ptr<std::byte[]> staging_;  // made when it is first needed
  std::size_t staged_ = 0;                // bytes of staging_ in use
  std::vector<::iovec> vectors_;
};

}  // namespace rebuf
