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

  // The next `ids` belong together. They go on with the present run (sinks/message.h) if it gives
  // no more than `shared` with them, else they begin the next one. Of no run they take more than
  // `longest`. 1 <= shared <= longest <= run_length.
  void begin(std::uint64_t ids, std::uint64_t shared, std::uint64_t longest);
  // The next run is left out. Behind a begin() that begins one.
  void skip_run() { count_ += sinks::MessageId::run_length; }
  [[nodiscard]] sinks::MessageId next();
  [[nodiscard]] const IdPrefix& prefix() const { return prefix_; }

 private:
  [[nodiscard]] std::uint64_t given() const { return count_ % sinks::MessageId::run_length; }
  void leave_run() { count_ += sinks::MessageId::run_length - given(); }

  IdPrefix prefix_{};
  std::uint32_t start_ = 0;  // 24 bits; 0 is for entries of a Go writer
  std::uint64_t count_ = 0;  // 40 bits
  std::uint64_t longest_ = sinks::MessageId::run_length;
};

}  // namespace rebuf::daemon
