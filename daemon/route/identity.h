// Where a route's message ids come from: <data_dir>/<route>/identity keeps the random prefix and
// the start number. Two slots of 512 bytes, made at full size once and then written in place, so
// that a full disk stops no start. The raised start number is durable before open() returns, and a
// file that may not be the one that was written last gets a new prefix: no id is ever used twice.
// Owned by the route, used under its lock.
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
  // A new prefix is made when `machine_id` (of /etc/machine-id, may be empty) is another one than
  // last time; when the file is a copy (another inode or time of birth): the original goes on
  // counting, or has counted on since; and when a slot cannot be read: it may have been the newer.
  [[nodiscard]] static Result<Identity> open(const std::filesystem::path& file,
                                             const std::string& machine_id);

  Identity() = default;
  // Of a process that has made `count` ids.
  Identity(const IdPrefix& prefix, std::uint32_t start, std::uint64_t count)
      : prefix_(prefix), start_(start), count_(count) {}

  // The next `ids` are for what should be of one run (sinks/message.h). They begin a new one unless
  // the present one, with them, gives no more than `most`, which a run has.
  void begin(std::uint64_t ids, std::uint64_t most);
  [[nodiscard]] sinks::MessageId next();
  [[nodiscard]] const IdPrefix& prefix() const { return prefix_; }

 private:
  IdPrefix prefix_{};
  std::uint32_t start_ = 0;  // 24 bits; 0 is for entries of a Go writer
  std::uint64_t count_ = 0;  // 40 bits
};

}  // namespace rebuf::daemon
