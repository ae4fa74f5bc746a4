#include "bench/wal/others.h"

#include <leveldb/db.h>
#include <rocksdb/db.h>
#include <sqlite3.h>

#include <atomic>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>

namespace rebuf::bench {
namespace {

constexpr double seconds = 1.0;

// `threads` that call `write(thread, number)` until the time is over; calls a second.
double hammer(int threads, const std::function<void(int thread, std::uint64_t number)>& write) {
  std::atomic<bool> stop{false};
  std::atomic<std::uint64_t> written{0};
  std::vector<std::thread> running;
  const double taken = seconds_of([&] {
    for (int i = 0; i < threads; ++i)
      running.emplace_back([&, i] {
        for (std::uint64_t number = 0; !stop.load(std::memory_order_relaxed); ++number) {
          write(i, number);
          written.fetch_add(1, std::memory_order_relaxed);
        }
      });
    std::this_thread::sleep_for(std::chrono::duration<double>(seconds));
    stop = true;
    for (auto& thread : running) thread.join();
  });
  return static_cast<double>(written) / taken;
}

std::string key_of(int thread, std::uint64_t number) {
  return std::to_string(number) + "/" + std::to_string(thread);
}

void run_sql(sqlite3* db, const char* sql) {
  char* error = nullptr;
  require(sqlite3_exec(db, sql, nullptr, nullptr, &error) == SQLITE_OK,
          error != nullptr ? error : sql);
}

}  // namespace

Contender sqlite(std::size_t bytes, std::size_t grouped) {
  return [=](const std::filesystem::path& dir) {
    sqlite3* db = nullptr;
    require(sqlite3_open((dir / "db").c_str(), &db) == SQLITE_OK, "sqlite3_open");
    run_sql(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
    run_sql(db, "CREATE TABLE entries(id INTEGER PRIMARY KEY, data BLOB)");
    sqlite3_stmt* insert = nullptr;
    require(sqlite3_prepare_v2(db, "INSERT INTO entries(data) VALUES(?)", -1, &insert, nullptr) ==
                SQLITE_OK,
            "sqlite3_prepare_v2");
    const std::string entry(bytes, 'x');
    const double rate = rate_of(seconds, grouped, [&] {
      if (grouped > 1) run_sql(db, "BEGIN");
      for (std::size_t i = 0; i < grouped; ++i) {
        sqlite3_bind_blob(insert, 1, entry.data(), static_cast<int>(entry.size()), SQLITE_STATIC);
        require(sqlite3_step(insert) == SQLITE_DONE, "sqlite3_step");
        sqlite3_reset(insert);
      }
      if (grouped > 1) run_sql(db, "COMMIT");
    });
    sqlite3_finalize(insert);
    sqlite3_close(db);
    return rate;
  };
}

Contender rocksdb(std::size_t bytes, int threads) {
  return [=](const std::filesystem::path& dir) {
    ::rocksdb::Options options;
    options.create_if_missing = true;
    ::rocksdb::DB* opened = nullptr;
    require(::rocksdb::DB::Open(options, (dir / "db").string(), &opened).ok(), "rocksdb open");
    const std::unique_ptr<::rocksdb::DB> db(opened);
    const std::string entry(bytes, 'x');
    ::rocksdb::WriteOptions synced;
    synced.sync = true;
    return hammer(threads, [&](int thread, std::uint64_t number) {
      require(db->Put(synced, key_of(thread, number), entry).ok(), "rocksdb put");
    });
  };
}

Contender leveldb(std::size_t bytes, int threads) {
  return [=](const std::filesystem::path& dir) {
    ::leveldb::Options options;
    options.create_if_missing = true;
    ::leveldb::DB* opened = nullptr;
    require(::leveldb::DB::Open(options, (dir / "db").string(), &opened).ok(), "leveldb open");
    const std::unique_ptr<::leveldb::DB> db(opened);
    const std::string entry(bytes, 'x');
    ::leveldb::WriteOptions synced;
    synced.sync = true;
    return hammer(threads, [&](int thread, std::uint64_t number) {
      require(db->Put(synced, key_of(thread, number), entry).ok(), "leveldb put");
    });
  };
}

Contender mutex_and_fsync(std::size_t bytes, int threads) {
  return [=](const std::filesystem::path& dir) {
    const auto program =
        std::filesystem::read_symlink("/proc/self/exe").replace_filename("go_writer");
    if (!std::filesystem::exists(program)) return 0.0;
    const std::string command = program.string() + " " + (dir / "rebuf.tmp").string() + " " +
                                std::to_string(bytes) + " " + std::to_string(threads) + " 1";
    std::FILE* output = ::popen(command.c_str(), "r");
    require(output != nullptr, command);
    double rate = 0;
    const bool printed = std::fscanf(output, "%lf", &rate) == 1;
    require(::pclose(output) == 0 && printed, command);
    return rate;
  };
}

}  // namespace rebuf::bench
