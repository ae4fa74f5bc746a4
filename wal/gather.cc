#include "wal/gather.h"

#include <cstring>

namespace rebuf {

namespace {

constexpr std::size_t staging_bytes = std::size_t{256} << 10;
constexpr std::size_t most_copied_bytes = std::size_t{8} << 10;  // larger data is pointed to
constexpr std::size_t most_vectors = 1024;                       // IOV_MAX

}  // namespace

Gather::Gather() : staging_(std::make_unique_for_overwrite<std::byte[]>(staging_bytes)) {
  vectors_.reserve(most_vectors);
}

std::size_t Gather::fill(std::span<const Piece> pieces) {
  vectors_.clear();
  std::byte* to = staging_.get();
  std::byte* const end = to + staging_bytes;
  std::byte* begun = to;  // what was copied from here on is not in a vector yet
  std::size_t filled = 0;
  for (const Piece& piece : pieces) {
    const bool small = piece.data.size() <= most_copied_bytes;
    const std::size_t copied = header_bytes + (small ? piece.data.size() : 0);
    if (static_cast<std::size_t>(end - to) < copied || vectors_.size() + 2 > most_vectors) break;
    std::memcpy(to, piece.header.data(), header_bytes);
    if (small) std::memcpy(to + header_bytes, piece.data.data(), piece.data.size());
    to += copied;
    if (!small) {
      vectors_.push_back({begun, static_cast<std::size_t>(to - begun)});
      vectors_.push_back({const_cast<std::byte*>(piece.data.data()), piece.data.size()});
      begun = to;
    }
    ++filled;
  }
  if (to != begun) vectors_.push_back({begun, static_cast<std::size_t>(to - begun)});
  return filled;
}

}  // namespace rebuf
