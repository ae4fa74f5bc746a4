// Which machine this is, so that ids made on a copied disk differ from the original's.
#pragma once

#include <string>

namespace rebuf::daemon {

// 32 hexadecimal digits derived from /etc/machine-id, which itself is confidential
// (machine-id(5)); empty when there is none.
[[nodiscard]] std::string machine_id();

}  // namespace rebuf::daemon
