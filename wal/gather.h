// Collects framed entries for one pwritev: small ones are copied side by side, so that a thousand
// of them are one vector; large ones are pointed to. Owned by one thread.
#pragma once

#include <sys/uio.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "wal/frames.h"

namespace rebuf {

class Gather {
 public:
  Gather();  // takes the memory; filling takes none
  // Holds as many of the pieces as it has room for, one at least, instead of what it held. Tells
  // how many.
  std::size_t fill(std::span<const Piece> pieces);
  [[nodiscard]] std::span<::iovec> vectors() { return vectors_; }  // may be changed

 private:
  std::unique_ptr<std::byte[]> staging_;  // the kernel gives it when it is first written to
  std::vector<::iovec> vectors_;
};

}  // namespace rebuf
