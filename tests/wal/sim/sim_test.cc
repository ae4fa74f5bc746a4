// The simulated disk keeps what a disk keeps, and loses what a disk may lose.
#include <doctest/doctest.h>
#include <fcntl.h>

#include <set>

#include "tests/wal/sim/sim_file_system.h"

namespace rebuf::test {
namespace {

void write_at(File& file, std::string text, std::uint64_t offset) {
  const ::iovec part{text.data(), text.size()};
  CHECK(file.pwritev(std::span(&part, 1), offset) == static_cast<std::int64_t>(text.size()));
}

std::unique_ptr<File> create(SimFileSystem& fs, const char* path) {
  auto opened = fs.open(path, O_RDWR | O_CREAT | O_EXCL, 0644);
  REQUIRE(opened.file);
  return std::move(opened.file);
}

void sync_directory(SimFileSystem& fs, const char* path) {
  CHECK(fs.open_directory(path).file->fsync() == 0);
}

// All contents that the file may have after a power cut; "-" for no such file.
std::set<std::string> outcomes(const SimFileSystem& fs, const char* path) {
  std::set<std::string> all;
  fs.disk().each_power_cut([&](const Disk& left) {
    const auto inode = left.find(path);
    all.insert(inode ? left.content(*inode) : "-");
  });
  return all;
}

using Set = std::set<std::string>;

TEST_CASE("a file is durable when it and its name are") {
  SimFileSystem fs;
  const auto file = create(fs, "/a");
  write_at(*file, "x", 0);
  CHECK(outcomes(fs, "/a") == Set{"-", "", "x", std::string(1, '\0')});
  CHECK(file->fdatasync() == 0);
  CHECK(outcomes(fs, "/a") == Set{"-", "x"});
  sync_directory(fs, "/");
  CHECK(outcomes(fs, "/a") == Set{"x"});
}

TEST_CASE("sectors of unsynced bytes come in any mixture, those of synced bytes stay") {
  SimFileSystem fs;
  const auto file = create(fs, "/a");
  write_at(*file, std::string(512, 'o'), 0);
  CHECK(file->fsync() == 0);
  sync_directory(fs, "/");
  write_at(*file, std::string(1024, 'n'), 512);
  const std::string old(512, 'o'), fresh(512, 'n'), zero(512, '\0');
  CHECK(outcomes(fs, "/a") == Set{old, old + fresh, old + fresh + fresh, old + fresh + zero,
                                  old + zero + fresh, old + zero + zero});
}

TEST_CASE("operations on different names are lost independently, those on one name in order") {
  SimFileSystem fs;
  write_at(*create(fs, "/log"), "1", 0);
  CHECK(fs.open("/log", O_RDWR, 0).file->fsync() == 0);
  sync_directory(fs, "/");
  CHECK(fs.rename("/log", "/old") == 0);
  create(fs, "/log");
  create(fs, "/other");
  Set log_old_other;
  fs.disk().each_power_cut([&](const Disk& left) {
    std::string names;
    for (const auto& [name, inode] : left.names()) names += name + left.content(inode) + " ";
    log_old_other.insert(names);
  });
  CHECK(log_old_other == Set{"/ /log1 ", "/ /log1 /other ", "/ /old1 ", "/ /old1 /other ",
                             "/ /log /old1 ", "/ /log /old1 /other "});
}

TEST_CASE("what a failed sync lost can be read until the pages are dropped, and never comes back") {
  SimFileSystem fs;
  const auto file = create(fs, "/a");
  sync_directory(fs, "/");
  write_at(*file, "lost", 0);
  fs.set_hook([](const Asked& asked) {
    return asked.call == Call::fdatasync ? Verdict::fail(EIO) : Verdict{};
  });
  CHECK(file->fdatasync() == -EIO);
  fs.set_hook(nullptr);
  CHECK(file->size() == 4);
  CHECK(file->fdatasync() == 0);
  CHECK(outcomes(fs, "/a") == Set{""});
  CHECK(file->advise(0, 0, POSIX_FADV_DONTNEED) == 0);
  CHECK(file->size() == 0);
}

TEST_CASE("a full disk takes what fits, then refuses") {
  SimFileSystem fs;
  const auto file = create(fs, "/a");
  fs.set_capacity(6);
  std::string text = "12345678";
  const ::iovec part{text.data(), text.size()};
  CHECK(file->pwritev(std::span(&part, 1), 0) == 4);
  CHECK(file->fallocate(0, 100) == -ENOSPC);
  fs.set_capacity(4);
  CHECK(file->pwritev(std::span(&part, 1), 4) == -ENOSPC);
}

TEST_CASE("a directory is locked once, until its holder closes it") {
  SimFileSystem fs;
  CHECK(fs.mkdir("/log", 0755) == 0);
  auto first = fs.open_directory("/log").file;
  const auto second = fs.open_directory("/log").file;
  CHECK(first->lock_exclusive() == 0);
  CHECK(second->lock_exclusive() == -EWOULDBLOCK);
  first.reset();
  CHECK(second->lock_exclusive() == 0);
}

}  // namespace
}  // namespace rebuf::test
