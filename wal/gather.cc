#include "wal/gather.h"

#include <cstring>

namespace rebuf {

namespace {

constexpr std::size_t staging_bytes = std::size_t{256} << 10;
constexpr std::size_t most_copied_bytes = std::size_t{8} << 10;  // larger data is pointed to
constexpr std::size_t most_vectors = 1024;                       // IOV_MAX

}  // namespace

bool Gather::add(const Piece& piece) {
  const bool small = piece.data.size() <= most_copied_bytes;
  const std::size_t copied = header_bytes + (small ? piece.data.size() : 0);
  if (staged_ + copied > staging_bytes || vectors_.size() + 2 > most_vectors) return false;
  if (!staging_) staging_ = std::make_unique_for_overwrite<std::byte[]>(staging_bytes);
  std::byte* const to = staging_.get() + staged_;
  std::memcpy(to, piece.header.data(), header_bytes);
  if (small) std::memcpy(to + header_bytes, piece.data.data(), piece.data.size());
  extend(to, copied);
  if (!small) {
    vectors_.push_back({const_cast<std::byte*>(piece.data.data()), piece.data.size()});
  }
  return true;
}

// What was copied side by side is one vector.
void Gather::extend(std::byte* staged, std::size_t bytes) {
  staged_ += bytes;
  if (!vectors_.empty()) {
    ::iovec& last = vectors_.back();
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == staged) {
      last.iov_len += bytes;
      return;
    }
  }
  vectors_.push_back({staged, bytes});
}

void Gather::clear() {
  staged_ = 0;
  vectors_.clear();
}

}  // namespace rebuf
