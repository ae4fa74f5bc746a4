// Makes operator new fail, in a program that is linked with failing_new.cc.
#pragma once

#include <cstddef>

namespace rebuf::test {

// While it lives, the thread that made it gets so many allocations and no more.
class NoMemoryHere {
 public:
  explicit NoMemoryHere(std::size_t granted);
  ~NoMemoryHere();
  NoMemoryHere(const NoMemoryHere&) = delete;
  NoMemoryHere& operator=(const NoMemoryHere&) = delete;
};
[[nodiscard]] bool memory_was_refused();  // to this thread, since its last NoMemoryHere began

// While it lives, threads other than the one that made it get none. One at a time.
class NoMemoryElsewhere {
 public:
  NoMemoryElsewhere();
  ~NoMemoryElsewhere();
  NoMemoryElsewhere(const NoMemoryElsewhere&) = delete;
  NoMemoryElsewhere& operator=(const NoMemoryElsewhere&) = delete;
};

}  // namespace rebuf::test
