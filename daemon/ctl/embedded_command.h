// rebufctl embedded up|down: the embedded Kafka of a sink (type: embedded_kafka), for trying out.
#pragma once

#include <string>

#include "daemon/ctl/admin_client.h"

namespace rebuf::ctl {

// `verb` is "up" or "down". `sink` may be empty when only one sink is embedded. Returns the exit
// code.
[[nodiscard]] int switch_embedded(const AdminClient& client, const std::string& verb,
                                  const std::string& sink);

}  // namespace rebuf::ctl
