// A directory of a test's own, removed with everything in it at the end. REBUF_TEST_KEEP=1 leaves
// it, for looking into.
#pragma once

#include <cstdint>
#include <filesystem>

namespace rebuf::e2e {

class Scratch {
 public:
  Scratch();
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

// A TCP port of 127.0.0.1 on which nothing listens, below those that the kernel gives to outgoing
// connections, and that no other call anywhere gets until this process ends: so it is still free
// when a server that was killed comes back to it.
[[nodiscard]] std::uint16_t free_port();

}  // namespace rebuf::e2e
