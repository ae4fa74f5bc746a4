// The memory of blocks: buffers that come back when the last holder of a block lets go, so that
// reading on and on allocates nothing. Any thread may let go of a buffer; one reader takes them.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace rebuf {

class BlockMemory {
 public:
  struct Buffer {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t capacity = 0;
  };

  // At least `size` bytes, not initialised. Outlives this object if it must.
  [[nodiscard]] std::shared_ptr<std::byte> take(std::size_t size);

 private:
  struct Spares {
    std::mutex mutex;
    std::vector<Buffer> buffers;  // guarded by mutex
  };
  std::shared_ptr<Spares> spares_ = std::make_shared<Spares>();
};

}  // namespace rebuf
