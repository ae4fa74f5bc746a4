// bench_wal [DIR] [ROUNDS] [ONLY]: the log against the device, the kernel and other stores, and the
// designs that were weighed. DIR is on the file system that is measured; ONLY: rows whose name
// contains it. A round takes about two minutes.
#include <cstdio>
#include <cstdlib>

#include "bench/wal/backlog.h"
#include "bench/wal/designs.h"
#include "bench/wal/log.h"
#include "bench/wal/measure.h"
#include "bench/wal/others.h"
#include "bench/wal/raw.h"

namespace {

using namespace rebuf::bench;  // NOLINT: this file is the table of them

constexpr std::uint64_t preallocate = 4U << 20;
constexpr std::size_t replayed = 512U << 20;
constexpr Backlog backlog{1000, 10U << 20};
constexpr const char* raw = "write + fdatasync, 1 thread";

std::vector<Row> against_the_device() {
  const char* durable = "fdatasync has returned";
  const char* written = "written: a SIGKILL loses nothing";
  return {
      {"synced, 256 B, 1 thread", durable, "entries/s", 0.95, log_synced(256, 1), raw,
       raw_synced(256)},
      {"synced, 256 B, 1 thread, preallocated", durable, "entries/s", 1.2,
       log_synced(256, 1, preallocate), raw, raw_synced(256)},
      {"synced, 256 B, 64 threads", durable, "entries/s", 12, log_synced(256, 64), raw,
       raw_synced(256)},
      {"synced append, 256 B, 1,024 outstanding", durable, "entries/s", 150,
       log_appending(256, 1024, true), raw, raw_synced(256)},
      {"p99 of a synced write, 256 B, 64 threads", durable, "us", 10, log_synced_p99(256, 64),
       "median of write + fdatasync, 1 thread", raw_sync_time(256), true},
      {"unsynced, 256 B", written, "entries/s", 0.9, log_unsynced(256), "frame, one write an entry",
       raw_unsynced(256)},
      {"unsynced, 4 KiB", written, "entries/s", 0.9, log_unsynced(4096),
       "frame, one write an entry", raw_unsynced(4096)},
      {"unsynced write_batch(100), 256 B", written, "entries/s", 0.8, log_batches(256, 100),
       "writev of the same", raw_vectored(256, 100)},
      {"unsynced append, 256 B, 1,024 outstanding", written, "entries/s", 0.5,
       log_appending(256, 1024, false), "writes of 256 KiB", raw_filling(256)},
      {"unsynced append, 256 B, 8,192 outstanding", written, "entries/s", 0.5,
       log_appending(256, 8192, false), "writes of 256 KiB", raw_filling(256)},
      {"replay, 4 KiB, page cache", "CRC checked / none", "B/s", 0.8,
       log_replay(4096, replayed, false), "pread of 256 KiB, same files",
       raw_replay(4096, replayed, false)},
      {"replay, 256 B, page cache", "CRC checked / none", "B/s", 0.5,
       log_replay(256, replayed, false), "pread of 256 KiB, same files",
       raw_replay(256, replayed, false)},
      {"replay, 4 KiB, cold", "CRC checked / none", "B/s", 0.9, log_replay(4096, replayed, true),
       "pread of 256 KiB, same files", raw_replay(4096, replayed, true)},
      {"synced, 256 B, 16 threads, while replayed and followed", durable, "entries/s", 0.8,
       log_synced_while_read(256), "the same, not read", log_synced(256, 16)},
      {"longest write in a purge of 1,000 segments", durable, "syncs", 1.5,
       longest_write_in_purge(backlog, 256), "write + fdatasync beside bare unlinks of the same",
       longest_write_in_unlinks(backlog, 256), true},
  };
}

std::vector<Limit> with_a_backlog() {
  return {
      {"open, 10 GB in 1,000 segments", "ms", 100, time_to_open(backlog)},
      {"its memory beyond an empty log's", "MB", 4, memory_to_open(backlog)},
      {"longest write while 1,000 segments are purged", "syncs", 3,
       longest_write_in_purge(backlog, 256)},
  };
}

std::vector<Row> against_others() {
  const char* durable = "synced to the disk";
  const char* go = "the Go library's writer, re-created in Go";
  return {
      {"SQLite, 1 row", durable, "entries/s", 1, log_synced(256, 1),
       "WAL mode, synchronous=FULL, one row a transaction", sqlite(256, 1)},
      {"SQLite, 1 row; ours preallocated", durable, "entries/s", 1, log_synced(256, 1, preallocate),
       "the same", sqlite(256, 1)},
      {"SQLite, 100 rows", durable, "entries/s", 1, log_synced_batches(256, 100),
       "100 rows a transaction", sqlite(256, 100)},
      {"SQLite, 100 rows; ours preallocated", durable, "entries/s", 1,
       log_synced_batches(256, 100, preallocate), "the same", sqlite(256, 100)},
      {"RocksDB, 1 thread", durable, "entries/s", 1, log_synced(256, 1), "Put, sync=true",
       rocksdb(256, 1)},
      {"RocksDB, 64 threads", durable, "entries/s", 1, log_synced(256, 64), "Put, sync=true",
       rocksdb(256, 64)},
      {"LevelDB, 1 thread", durable, "entries/s", 1, log_synced(256, 1), "Put, sync=true",
       leveldb(256, 1)},
      {"LevelDB, 64 threads", durable, "entries/s", 1, log_synced(256, 64), "Put, sync=true",
       leveldb(256, 64)},
      {"mutex and fsync, 1 thread", durable, "entries/s", 1, log_synced(256, 1), go,
       mutex_and_fsync(256, 1)},
      {"mutex and fsync, 64 threads", durable, "entries/s", 1, log_synced(256, 64), go,
       mutex_and_fsync(256, 64)},
  };
}

std::vector<Row> designs() {
  const char* durable = "synced to the disk";
  const auto row = [&](const char* name, Contender design) {
    return Row{std::string("design: ") + name,
               durable,
               "entries/s",
               0,
               std::move(design),
               raw,
               raw_synced(256)};
  };
  return {
      row("1 thread, leader and followers", group_commit(256, 1, Commits::leader)),
      row("1 thread, a commit thread", group_commit(256, 1, Commits::thread)),
      row("64 threads, leader and followers", group_commit(256, 64, Commits::leader)),
      row("64 threads, a commit thread", group_commit(256, 64, Commits::thread)),
      row("64 threads, the log", log_synced(256, 64)),
      row("O_DSYNC", raw_synced(256, Durable::o_dsync)),
      row("fdatasync, file allocated", raw_synced(256, Durable::fdatasync, Space::allocated)),
      row("O_DSYNC, file allocated", raw_synced(256, Durable::o_dsync, Space::allocated)),
      row("the log, preallocate 64 KiB", log_synced(256, 1, 64U << 10)),
      row("the log, preallocate 1 MiB", log_synced(256, 1, 1U << 20)),
      row("the log, preallocate 16 MiB", log_synced(256, 1, 16U << 20)),
      row("io_uring, write and fdatasync linked", uring_write_and_sync(256, 1)),
      row("1,000 at once, pwritev and fdatasync", pwritev_and_sync(256, 1000)),
      row("1,000 at once, io_uring", uring_write_and_sync(256, 1000)),
  };
}

}  // namespace

int main(int argc, char** argv) {
  Settings settings;
  settings.dir = argc > 1 ? argv[1] : "bench-wal.tmp";
  settings.rounds = argc > 2 ? std::atoi(argv[2]) : 3;
  settings.only = argc > 3 ? argv[3] : "";
  run(against_the_device(), settings);
  std::printf("\n");
  run(with_a_backlog(), settings);
  std::printf("\n");
  run(against_others(), settings);
  std::printf("\n");
  run(designs(), settings);
  std::filesystem::remove_all(settings.dir);
  return 0;
}
