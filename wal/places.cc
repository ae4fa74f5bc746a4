#include "wal/places.h"

namespace rebuf {

std::filesystem::path without_trailing_slash(const std::filesystem::path& dir) {
  return dir.has_filename() ? dir : dir.parent_path();
}

Options filled_in(Options options, const std::filesystem::path& dir) {
  if (options.state_dir.empty()) {
    options.state_dir = dir;
    options.state_dir += ".state";
  }
  if (options.max_quarantine_bytes == 0) {
    const bool overflows = options.max_log_size > Options::unlimited / 4;
    options.max_quarantine_bytes = overflows ? Options::unlimited : 4 * options.max_log_size;
  }
  return options;
}

}  // namespace rebuf
