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
  copy(piece.header);
  if (small) {
    copy(piece.data);
  } else {
    vectors_.push_back({const_cast<std::byte*>(piece.data.data()), piece.data.size()});
  }
  return true;
}

void Gather::copy(Bytes bytes) {
  if (!staging_) staging_ = std::make_unique_for_overwrite<std::byte[]>(staging_bytes);
  std::byte* const to = staging_.get() + staged_;
  std::memcpy(to, bytes.data(), bytes.size());
  staged_ += bytes.size();
  if (!vectors_.empty()) {
    ::iovec& last = vectors_.back();
    if (static_cast<std::byte*>(last.iov_base) + last.iov_len == to) {
      last.iov_len += bytes.size();
      return;
    }
  }
  vectors_.push_back({to, bytes.size()});
}

void Gather::clear() {
  staged_ = 0;
  vectors_.clear();
}

}  // namespace rebuf
