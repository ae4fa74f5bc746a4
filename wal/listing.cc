#include "wal/listing.h"

#include <algorithm>
#include <cerrno>

#include "wal/io.h"
#include "wal/names.h"

namespace rebuf {

Result<LogListing> list_log(FileSystem& fs, const std::filesystem::path& dir) {
  FileSystem::Listing found = fs.list(dir);
  while (found.error == -EINTR) found = fs.list(dir);
  if (found.error == -ENOENT) {
    return Status{Code::not_found, "list", dir.string(), ENOENT};
  }
  if (found.error != 0) return io_error("list", dir, found.error);
  LogListing listing;
  for (const auto& entry : found.entries) {
    const auto id = parse_segment_name(entry.name);
    if (id) listing.next_segment = std::max(listing.next_segment, *id + 1);
    if (id && entry.regular_file) {
      listing.completed.emplace(*id, entry.size);
    } else if (entry.name == active_name && entry.regular_file) {
      listing.active_bytes = entry.size;
    } else {
      listing.foreign.push_back(entry.name);
    }
  }
  std::ranges::sort(listing.foreign);
  return listing;
}

}  // namespace rebuf
