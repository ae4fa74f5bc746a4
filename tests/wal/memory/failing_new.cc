#include "tests/wal/memory/failing_new.h"

#include <atomic>
#include <cstdlib>
#include <limits>
#include <new>

namespace {

constexpr std::size_t all = std::numeric_limits<std::size_t>::max();

thread_local std::size_t granted_here = all;
thread_local bool refused_here = false;
thread_local bool spared = false;
std::atomic<bool> none_elsewhere = false;

bool grants() {
  if (none_elsewhere && !spared) return false;
  if (granted_here == all) return true;
  refused_here = refused_here || granted_here == 0;
  return granted_here > 0 && granted_here-- > 0;
}

}  // namespace

void* operator new(std::size_t size) {
  void* const memory = grants() ? std::malloc(size) : nullptr;
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace rebuf::test {

NoMemoryHere::NoMemoryHere(std::size_t granted) {
  refused_here = false;
  granted_here = granted;
}
NoMemoryHere::~NoMemoryHere() { granted_here = all; }

bool memory_was_refused() { return refused_here; }

NoMemoryElsewhere::NoMemoryElsewhere() {
  spared = true;
  none_elsewhere = true;
}
NoMemoryElsewhere::~NoMemoryElsewhere() {
  none_elsewhere = false;
  spared = false;
}

}  // namespace rebuf::test
