// Finds the log that a person means: a log's directory, a route's directory, or a route's name.
#pragma once

#include <filesystem>
#include <string>

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

struct WalDirectory {
  int exit_code = 0;  // exit_fine: `path` is the directory with the segments
  std::filesystem::path path;
  std::string problem;
};

// What exists as a directory is one; another name without a slash is a route of the running rebufd,
// which is asked for its data directory.
[[nodiscard]] WalDirectory find_wal(const std::string& name, const AdminClient& client);

// Where the cursor and the quarantine of the log in `dir` lie: beside what is called log, as rebufd
// has it, else in <dir>.state, as the library has it.
[[nodiscard]] std::filesystem::path state_dir_of(const std::filesystem::path& dir);

}  // namespace rebuf::ctl
