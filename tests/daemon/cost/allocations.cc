#include "tests/daemon/cost/allocations.h"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t counted = 0;

}  // namespace

void* operator new(std::size_t size) {
  ++counted;
  void* const memory = std::malloc(size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace rebuf::test {

std::uint64_t allocations() { return counted; }

}  // namespace rebuf::test
