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
    if (entries.size() == 1) {
      frame(one_, entries.front());
      return;
    }
    many_.resize(entries.size());
    for (std::size_t i = 0; i < entries.size(); ++i) frame(many_[i], entries[i]);
  }
  [[nodiscard]] std::span<const Piece> pieces() const {
    return many_.empty() ? std::span<const Piece>(&one_, 1) : std::span<const Piece>(many_);
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }  // framed

 private:
  void frame(Piece& piece, Bytes data) {
    piece.header = header_of(data);
    piece.data = data;
    bytes_ += header_bytes + data.size();
  }

  Piece one_;
  std::vector<Piece> many_;
  std::uint64_t bytes_ = 0;
};

}  // namespace rebuf
