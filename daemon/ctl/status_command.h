// rebufctl status.
#pragma once

#include <string>

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

struct StatusOptions {
  bool watch = false;  // again every second, until interrupted or no rebufd answers
  bool json = false;   // as rebufd says it; with watch one object a line
};

// Prints to stdout, problems to stderr, and returns the exit code.
[[nodiscard]] int show_status(const AdminClient& client, const StatusOptions& options);

// The status as a table, from the JSON of /api/v1/status.
[[nodiscard]] std::string status_table(const std::string& json);

}  // namespace rebuf::ctl
