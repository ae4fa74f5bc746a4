// GET /api/v1/status: the whole daemon as one JSON object, for rebufctl, the status page and
// scripts. Fields and their meaning: docs/operating.md. Built from one snapshot per route.
#pragma once

#include <string>

#include "daemon/admin/sources.h"

namespace rebuf::daemon {

[[nodiscard]] std::string render_status(const AdminSources& sources);

}  // namespace rebuf::daemon
