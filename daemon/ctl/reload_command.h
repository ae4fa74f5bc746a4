// rebufctl reload: the running rebufd reads its configuration again.
#pragma once

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

// Waits until it is done and says what has changed. exit_usage: the configuration was refused, and
// why is told.
[[nodiscard]] int reload(const AdminClient& client);

}  // namespace rebuf::ctl
