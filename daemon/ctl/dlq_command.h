// rebufctl dlq list|export|replay|purge ROUTE: the dead letters of a route. list and export read
// its directory, take no lock and change nothing, so they work without a running rebufd too.
#pragma once

#include <string>

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

struct DlqOptions {
  std::string verb;   // as on the command line
  std::string route;  // its name; for list and export also its directory
  bool json = false;  // list: an object a line
  bool yes = false;   // purge: does not ask
};

// Prints to stdout, problems to stderr, and returns the exit code.
[[nodiscard]] int dead_letters(const AdminClient& client, const DlqOptions& options);

}  // namespace rebuf::ctl
