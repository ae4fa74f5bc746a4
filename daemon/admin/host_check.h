// Whether a request's Host names this server. A page elsewhere can make a browser send requests
// here (DNS rebinding), but then Host is that page's name; so names are accepted only when the
// operator gave them. An address in digits cannot be rebound and is always right.
#pragma once

#include <set>
#include <string>
#include <string_view>

#include "config/config.h"

namespace rebuf::daemon::admin {

class HostCheck {
 public:
  explicit HostCheck(const config::Admin& admin);
  // `host` as in the header, with or without a port. Empty (HTTP/1.0) is right.
  [[nodiscard]] bool right(std::string_view host) const;

 private:
  std::set<std::string, std::less<>> names_;  // lower case
};

}  // namespace rebuf::daemon::admin
