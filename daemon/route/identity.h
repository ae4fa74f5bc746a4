// Where a route's message ids come from: <data_dir>/<route>/identity keeps the random prefix and
// the start number. Two slots of 512 bytes, made at full size once and then written in place, so
// that a full disk stops no start. The raised start number is durable before open() returns: no id
// is ever used twice. Owned by the route, used under its lock.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

#include "daemon/route/foreign.h"
#include "rebuf/status.h"
#include "sinks/message.h"

namespace rebuf::daemon {

class Identity {
 public:
  // `machine_id` is what /etc/machine-id holds (may be empty); another one than last time makes a
  // new prefix, and so does a slot that cannot be read: it may have been the newer one.
  [[nodiscard]] static Result<Identity> open(const std::filesystem::path& file,
                                             const std::string& machine_id);

  [[nodiscard]] sinks::MessageId next();
  [[nodiscard]] const IdPrefix& prefix() const { return prefix_; }

 private:
  IdPrefix prefix_{};
  std::uint32_t start_ = 0;  // 24 bits; 0 is for entries of a Go writer
  std::uint64_t count_ = 0;  // 40 bits
};

}  // namespace rebuf::daemon
