#include "sinks/http/early_answer.h"

#include <sys/socket.h>

#include <array>
#include <charconv>
#include <string_view>

namespace rebuf::sinks::http {

int early_status(int socket) {
  std::array<char, 64> start{};
  const ssize_t got = ::recv(socket, start.data(), start.size(), MSG_DONTWAIT);
  if (got <= 0) return 0;
  const std::string_view line(start.data(), static_cast<std::size_t>(got));
  constexpr std::size_t status_at = std::string_view("HTTP/1.1 ").size();
  if (!line.starts_with("HTTP/1.") || line.size() < status_at + 3) return 0;
  int status = 0;
  const char* digits = line.data() + status_at;
  const auto [end, error] = std::from_chars(digits, digits + 3, status);
  return error == std::errc() && end == digits + 3 ? status : 0;
}

}  // namespace rebuf::sinks::http
