// The file of a Unix socket that is to be listened on: the same rules for the ingest and the admin
// server. Any thread.
#pragma once

#include <rebuf/status.h>
#include <sys/un.h>

#include <string>

namespace rebuf::daemon {

// Makes the path free to be bound, and returns its address: its directory is made (0755) when only
// that is missing, a socket file that nobody answers on is removed. Code::locked: another process
// answers there, or the file is no socket; Code::invalid_argument: the path is too long.
[[nodiscard]] Result<sockaddr_un> make_way_for_socket(const std::string& path);

}  // namespace rebuf::daemon
