#include "rebuf/status.h"

#include <cstring>

namespace rebuf {

std::string_view to_string(Code code) noexcept {
  switch (code) {
    case Code::ok:
      return "ok";
    case Code::invalid_argument:
      return "invalid argument";
    case Code::full:
      return "full";
    case Code::io:
      return "input/output error";
    case Code::sync_failed:
      return "sync failed";
    case Code::locked:
      return "locked";
    case Code::not_found:
      return "not found";
    case Code::closed:
      return "closed";
    case Code::corrupt:
      return "corrupt";
    case Code::cancelled:
      return "cancelled";
  }
  return "unknown";
}

const std::string& Status::nothing() noexcept {
  static const std::string empty;
  return empty;
}

std::string Status::message() const {
  if (ok()) return "ok";
  std::string text = what();
  if (!path().empty()) text += " " + path();
  text += ": ";
  if (errno_value() == 0) return text.append(to_string(code()));
  const char* description = strerrordesc_np(errno_value());
  const char* name = strerrorname_np(errno_value());
  text += description != nullptr ? description : "unknown error";
  text += " (";
  text += name != nullptr ? name : std::to_string(errno_value());
  return text + ")";
}

}  // namespace rebuf
