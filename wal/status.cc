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

std::string Status::message() const {
  if (ok()) return "ok";
  std::string text = what_;
  if (!path_.empty()) text += " " + path_;
  if (errno_ == 0) {
    text += ": ";
    text += to_string(code_);
    return text;
  }
  const char* description = strerrordesc_np(errno_);
  const char* name = strerrorname_np(errno_);
  text += ": ";
  text += description != nullptr ? description : "unknown error";
  text += " (";
  text += name != nullptr ? name : std::to_string(errno_);
  text += ")";
  return text;
}

}  // namespace rebuf
