// Ways to write a log that were weighed against each other before one was taken, each as small as
// it can be: no format, no recovery. Each is a Contender; entries a second.
#pragma once

#include <cstddef>
#include <cstdint>

#include "bench/wal/measure.h"

namespace rebuf::bench {

// Many threads share a sync: which thread writes for all. `leader`: who comes first, for those that
// came meanwhile too; `thread`: one that does nothing else. Mutex and condition variable.
enum class Commits : std::uint8_t { leader, thread };
Contender group_commit(std::size_t bytes, int threads, Commits commits);

// `count` entries written and synced at a time by one thread: pwritev and fdatasync, or both given
// to io_uring in one call, linked.
Contender pwritev_and_sync(std::size_t bytes, std::size_t count);
Contender uring_write_and_sync(std::size_t bytes, std::size_t count);

}  // namespace rebuf::bench
