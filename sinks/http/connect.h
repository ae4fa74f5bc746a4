// A TCP connection only to see whether there can be one.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace rebuf::sinks::http {

// Connects to the numeric address within `timeout` and hangs up. The error, or empty. `watch` gets
// the socket before it connects.
[[nodiscard]] std::string try_connect(const std::string& address, int port,
                                      std::chrono::milliseconds timeout,
                                      const std::function<void(int)>& watch);

}  // namespace rebuf::sinks::http
