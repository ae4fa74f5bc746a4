// Completed segments of which a page cannot be read: below the public face, for there it takes 30
// s.
#include <doctest/doctest.h>

#include <cerrno>
#include <chrono>
#include <cstring>

#include "tests/wal/scratch.h"
#include "wal/reader_impl.h"

using namespace rebuf;
using namespace rebuf::test;
using Strings = std::vector<std::string>;

namespace {

constexpr std::uint64_t page_bytes = 4096;

// One page of it cannot be read.
class BadFile final : public File {
 public:
  BadFile(std::string content, std::uint64_t bad_page)
      : content_(std::move(content)), bad_page_(bad_page) {}

  std::int64_t pread(std::span<std::byte> into, std::uint64_t offset) override {
    if (offset >= content_.size()) return 0;
    std::uint64_t end = std::min<std::uint64_t>(offset + into.size(), content_.size());
    const std::uint64_t bad = bad_page_ * page_bytes;
    if (offset < bad + page_bytes && end > bad) {
      if (offset >= bad) return -EIO;
      end = bad;
    }
    std::memcpy(into.data(), content_.data() + offset, end - offset);
    return static_cast<std::int64_t>(end - offset);
  }
  std::int64_t pwritev(std::span<const ::iovec> /*from*/, std::uint64_t /*offset*/) override {
    return -EROFS;
  }
  int ftruncate(std::uint64_t /*size*/) override { return -EROFS; }
  int fallocate(std::uint64_t /*offset*/, std::uint64_t /*length*/) override { return -EROFS; }
  int fdatasync() override { return 0; }
  int fsync() override { return 0; }
  std::int64_t size() override { return static_cast<std::int64_t>(content_.size()); }
  int advise(std::uint64_t /*offset*/, std::uint64_t /*length*/, int /*advice*/) override {
    return 0;
  }
  int lock_exclusive() override { return 0; }

 private:
  const std::string content_;
  const std::uint64_t bad_page_;
};

// A log of one completed segment, all of whose calls but open go to the real file system.
class BadDisk final : public FileSystem {
 public:
  explicit BadDisk(std::string content) : content_(std::move(content)) {}

  Opened open(const std::filesystem::path& path, int flags, unsigned mode) override {
    if (path.filename() == "rebuf-0") return {std::make_unique<BadFile>(content_, 1), 0};
    return real().open(path, flags, mode);
  }
  Opened open_directory(const std::filesystem::path& path) override {
    return real().open_directory(path);
  }
  int mkdir(const std::filesystem::path& path, unsigned mode) override {
    return real().mkdir(path, mode);
  }
  int rename(const std::filesystem::path& from, const std::filesystem::path& to) override {
    return real().rename(from, to);
  }
  int rename_noreplace(const std::filesystem::path& from,
                       const std::filesystem::path& to) override {
    return real().rename_noreplace(from, to);
  }
  int unlink(const std::filesystem::path& path) override { return real().unlink(path); }
  Listing list(const std::filesystem::path& dir) override { return real().list(dir); }
  std::int64_t free_bytes(const std::filesystem::path& path) override {
    return real().free_bytes(path);
  }

 private:
  const std::string content_;
};

}  // namespace

TEST_CASE("around a bad sector everything is read, after it was waited for") {
  // 30 entries of 500 bytes: the second page has the last bytes of entry 8 to the first of 16.
  std::string content;
  Strings written;
  for (int i = 0; i < 30; ++i) {
    written.push_back(std::string(488 - 2, 'x') + (i < 10 ? "0" : "") + std::to_string(i));
    content += framed(written.back());
  }
  const TemporaryDirectory scratch;
  BadDisk disk(content);
  SegmentSet segments;
  segments.start({{0, content.size()}}, 1, nullptr, 0);
  Quarantine quarantine(disk, scratch.path(), 1U << 20);
  DamageRecord damage(quarantine, {});
  const OrdinalOf none;
  ReaderImpl::Source source{disk, scratch.path(), segments, damage, none, std::chrono::hours(1)};

  ReaderImpl patient(source, {});
  Strings before;
  auto block = patient.next(1U << 20);
  REQUIRE(block.ok());
  for (const EntryRef& entry : block->entries) before.push_back(text(entry.data));
  CHECK(before == Strings(written.begin(), written.begin() + 8));
  const Position at = patient.position();
  CHECK(patient.next(1U << 20).status().code() == Code::io);
  CHECK(patient.position() == at);

  // Each try with a reader of its own, as replays do.
  source.patience = std::chrono::milliseconds(5);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(100);
  do {
    ReaderImpl again(source, at);
    block = again.next(1U << 20);
  } while (!block.ok() && std::chrono::steady_clock::now() < deadline);
  REQUIRE(block.ok());
  Strings after;
  for (const EntryRef& entry : block->entries) after.push_back(text(entry.data));
  CHECK(after == Strings(written.begin() + 17, written.end()));
  REQUIRE(block->damages.size() == 1);
  CHECK(block->damages[0].begin == at);
  CHECK(block->damages[0].length == 9 * 500);
  CHECK(damage.is_unreadable(0));
}
