// Entries framed by the thread that gives them to the log, outside every lock. One entry, the usual
// case, needs no allocation. The entries' bytes are not copied.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "rebuf/options.h"
#include "wal/format.h"

namespace rebuf {

// An entry and its header.
struct Piece {
  HeaderBytes header{};
  Bytes data;
};

class Frames {
 public:
  explicit Frames(std::span<const Bytes> entries) {
    if (entries.size() > 1) many_.reserve(entries.size());
    for (const Bytes data : entries) {
      const Piece piece{header_of(data), data};
      bytes_ += header_bytes + data.size();
      if (entries.size() == 1) {
        one_ = piece;
      } else {
        many_.push_back(piece);
      }
    }
  }
  [[nodiscard]] std::span<const Piece> pieces() const {
    return many_.empty() ? std::span<const Piece>(&one_, 1) : std::span<const Piece>(many_);
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // framed

 private:
  Piece one_;
  std::vector<Piece> many_;
  std::uint64_t bytes_ = 0;
};

}  // namespace rebuf
