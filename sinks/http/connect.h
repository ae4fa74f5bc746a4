// A TCP connection only to see whether there can be one.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace rebuf::sinks::http {

// Tries the host's addresses, each for up to `timeout`, and hangs up. The error, or empty. `watch`
// gets each socket before it connects.
[[nodiscard]] std::string try_connect(const std::string& host, int port,
                                      std::chrono::milliseconds timeout,
                                      const std::function<void(int)>& watch);

}  // namespace rebuf::sinks::http
