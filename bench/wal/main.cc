// bench_wal [DIR] [ROUNDS] [ONLY]: the log against the device, the kernel and other stores.
#include <cstdio>
#include <cstdlib>

#include "bench/wal/log.h"
#include "bench/wal/measure.h"
#include "bench/wal/others.h"
#include "bench/wal/raw.h"

namespace {

using namespace rebuf::bench;  // NOLINT: this file is the table of them

constexpr std::uint64_t preallocate = 4U << 20;
constexpr std::size_t replayed = 512U << 20;

std::vector<Row> against_the_device() {
  const char* durable = "fdatasync has returned";
  const char* written = "written: a SIGKILL loses nothing";
  const char* raw = "write + fdatasync, 1 thread";
  return {
      {"synced, 256 B, 1 thread", durable, "entries/s", 0.95, log_synced(256, 1), raw,
       raw_synced(256)},
      {"synced, 256 B, 1 thread, preallocated", durable, "entries/s", 1.2,
       log_synced(256, 1, preallocate), raw, raw_synced(256)},
      {"synced, 256 B, 64 threads", durable, "entries/s", 12, log_synced(256, 64), raw,
       raw_synced(256)},
      {"synced append, 256 B, 1,024 outstanding", durable, "entries/s", 150,
       log_appending(256, 1024, true), raw, raw_synced(256)},
      {"unsynced, 256 B", written, "entries/s", 0.9, log_unsynced(256), "one write an entry",
       raw_unsynced(256)},
      {"unsynced, 4 KiB", written, "entries/s", 0.9, log_unsynced(4096), "one write an entry",
       raw_unsynced(4096)},
      {"unsynced write_batch(100), 256 B", written, "entries/s", 0.8, log_batches(256, 100),
       "writev of the same", raw_vectored(256, 100)},
      {"unsynced append, 256 B", written, "entries/s", 0.5, log_appending(256, 1024, false),
       "writes of 256 KiB", raw_filling(256)},
      {"replay, 4 KiB, page cache", "CRC checked / none", "B/s", 0.8,
       log_replay(4096, replayed, false), "pread of 256 KiB", raw_reading(replayed, false)},
      {"replay, 256 B, page cache", "CRC checked / none", "B/s", 0.5,
       log_replay(256, replayed, false), "pread of 256 KiB", raw_reading(replayed, false)},
      {"replay, 4 KiB, cold", "CRC checked / none", "B/s", 0.9, log_replay(4096, replayed, true),
       "pread of 256 KiB", raw_reading(replayed, true)},
      {"synced, 256 B, 16 threads, while replayed and followed", durable, "entries/s", 0.8,
       log_synced_while_read(256), "the same, not read", log_synced(256, 16)},
  };
}

std::vector<Row> against_others() {
  const char* durable = "synced to the disk";
  return {
      {"SQLite, 1 row", durable, "entries/s", 1, log_synced(256, 1),
       "WAL mode, synchronous=FULL, one row a transaction", sqlite(256, 1)},
      {"SQLite, 100 rows grouped", durable, "entries/s", 1, log_appending(256, 100, true),
       "the same, 100 rows a transaction", sqlite(256, 100)},
      {"RocksDB, 1 thread", durable, "entries/s", 1, log_synced(256, 1), "Put, sync=true",
       rocksdb(256, 1)},
      {"RocksDB, 64 threads", durable, "entries/s", 1, log_synced(256, 64), "Put, sync=true",
       rocksdb(256, 64)},
      {"LevelDB, 1 thread", durable, "entries/s", 1, log_synced(256, 1), "Put, sync=true",
       leveldb(256, 1)},
      {"LevelDB, 64 threads", durable, "entries/s", 1, log_synced(256, 64), "Put, sync=true",
       leveldb(256, 64)},
      {"mutex and fsync, 1 thread", durable, "entries/s", 1, log_synced(256, 1),
       "the Go library's writer, re-created", mutex_and_fsync(256, 1)},
      {"mutex and fsync, 64 threads", durable, "entries/s", 1, log_synced(256, 64),
       "the Go library's writer, re-created", mutex_and_fsync(256, 64)},
  };
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.dir = argc > 1 ? argv[1] : "bench-wal.tmp";
  settings.rounds = argc > 2 ? std::atoi(argv[2]) : 5;
  settings.only = argc > 3 ? argv[3] : "";
  run(against_the_device(), settings);
  std::printf("\n");
  run(against_others(), settings);
  std::filesystem::remove_all(settings.dir);
  return 0;
}
