// Other stores doing a buffer's work at the same guarantee: one record is durable when its write
// has returned. Each is a Contender; entries a second.
#pragma once

#include <cstddef>

#include "bench/wal/measure.h"

namespace rebuf::bench {

// WAL mode, synchronous=FULL; `grouped` rows a transaction.
Contender sqlite(std::size_t bytes, std::size_t grouped);
// The WAL with sync=true.
Contender rocksdb(std::size_t bytes, int threads);
Contender leveldb(std::size_t bytes, int threads);
// The Go library's writer, re-created in Go (go_writer.go): one mutex, write of header and data,
// fsync. 0 where it could not be built.
Contender mutex_and_fsync(std::size_t bytes, int threads);

}  // namespace rebuf::bench
