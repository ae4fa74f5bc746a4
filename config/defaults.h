// Defaults that depend on where rebufd runs.
#pragma once

#include "config/load.h"
#include "config/places.h"
#include "config/report.h"

namespace rebuf::config {

// Fills data_dir, http.listen, admin.listen and admin.socket where the file does not give them.
void fill_defaults(Config& config, const Environment& environment, const Places& places,
                   Report& report);

}  // namespace rebuf::config
