#include "wal/quarantine.h"

#include <fcntl.h>

#include <algorithm>
#include <string>
#include <vector>

#include "wal/io.h"

namespace rebuf {

Quarantine::Quarantine(FileSystem& fs, const std::filesystem::path& state_dir,
                       std::uint64_t most_bytes)
    : fs_(fs), state_dir_(state_dir), dir_(state_dir / "quarantine"), most_bytes_(most_bytes) {}

Result<Quarantine::Kept> Quarantine::keep(File& file, Position from, std::uint64_t length) {
  const std::lock_guard lock(mutex_);
  if (Status status = prepare(); !status) return status;
  const std::string name = std::to_string(from.segment) + "-" + std::to_string(from.offset) + "-" +
                           std::to_string(length);
  const FileSystem::Listing listing = fs_.list(dir_);
  if (listing.error != 0) return io_error("list", dir_, listing.error);
  const auto same = std::find_if(listing.entries.begin(), listing.entries.end(),
                                 [&](const auto& entry) { return entry.name == name; });
  const std::uint64_t there = same == listing.entries.end() ? 0 : same->size;
  if (same != listing.entries.end() && there == length) return Kept::yes;
  if (length > most_bytes_ || used_bytes_ - there > most_bytes_ - length) return Kept::no_room;

  const std::filesystem::path path = dir_ / name;
  if (Status status = copy(file, from, length, path); !status) {
    fs_.unlink(path);
    used_bytes_ -= there;
    return status;
  }
  used_bytes_ = used_bytes_ - there + length;
  if (Status status = sync_directory(fs_, dir_); !status) return status;
  return Kept::yes;
}

bool Quarantine::take(const std::filesystem::path& segment, std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  if (!prepare().ok() || bytes > most_bytes_ || used_bytes_ > most_bytes_ - bytes) return false;
  if (fs_.rename_noreplace(segment, dir_ / segment.filename()) != 0) return false;
  used_bytes_ += bytes;
  return sync_directory(fs_, dir_).ok();
}

Status Quarantine::prepare() {
  if (prepared_) return {};
  if (Status status = make_directory(fs_, dir_); !status) return status;
  const FileSystem::Listing listing = fs_.list(dir_);
  if (listing.error != 0) return io_error("list", dir_, listing.error);
  for (const auto& entry : listing.entries) used_bytes_ += entry.size;
  prepared_ = true;
  return {};
}

Status Quarantine::copy(File& file, Position from, std::uint64_t length,
                        const std::filesystem::path& to) const {
  constexpr std::uint64_t chunk_bytes = std::uint64_t{256} << 10;
  const auto opened = open_file(fs_, to, O_WRONLY | O_CREAT | O_TRUNC);
  if (opened.error != 0) return io_error("create", to, opened.error);
  std::vector<std::byte> chunk(std::min(length, chunk_bytes));
  for (std::uint64_t done = 0; done < length;) {
    const auto part = std::span(chunk).first(std::min<std::uint64_t>(length - done, chunk.size()));
    const std::int64_t n = read_at(file, part, from.offset + done);
    if (n < 0) return io_error("read for quarantine", to, n);
    if (n == 0) break;  // the file is shorter than it was said to be: keep what there is
    const auto read = part.first(static_cast<std::size_t>(n));
    const WrittenBytes written = write_at(*opened.file, read, done);
    if (written.error != 0) return io_error("write", to, written.error);
    done += read.size();
  }
  const int error = fdatasync(*opened.file);
  return error == 0 ? Status{} : io_error("fdatasync", to, error);
}

}  // namespace rebuf
