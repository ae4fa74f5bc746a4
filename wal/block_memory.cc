#include "wal/block_memory.h"

#include <utility>

namespace rebuf {

namespace {
constexpr std::size_t most_spares = 2;
constexpr std::size_t largest_spare_bytes = std::size_t{2} << 20;  // one huge entry is not kept
}  // namespace

std::shared_ptr<std::byte> BlockMemory::take(std::size_t size) {
  Buffer buffer;
  {
    const std::lock_guard lock(spares_->mutex);
    if (!spares_->buffers.empty()) {
      buffer = std::move(spares_->buffers.back());
      spares_->buffers.pop_back();
    }
  }
  if (buffer.capacity < size) buffer = {std::make_unique_for_overwrite<std::byte[]>(size), size};
  std::byte* const bytes = buffer.bytes.get();
  auto give_back = [spares = spares_,
                    held = std::make_shared<Buffer>(std::move(buffer))](const std::byte*) {
    if (held->capacity > largest_spare_bytes) return;
    const std::lock_guard lock(spares->mutex);
    if (spares->buffers.size() < most_spares) spares->buffers.push_back(std::move(*held));
  };
  return {bytes, std::move(give_back)};
}

}  // namespace rebuf
