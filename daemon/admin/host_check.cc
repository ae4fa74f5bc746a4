#include "daemon/admin/host_check.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cctype>

namespace rebuf::daemon::admin {
namespace {

std::string lowered(std::string_view text) {
  std::string lower(text);
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

std::string_view without_port(std::string_view host) {
  if (host.starts_with('[')) {
    const std::size_t close = host.find(']');
    return close == std::string_view::npos ? host : host.substr(1, close - 1);
  }
  return host.substr(0, host.find(':'));
}

bool is_address(const std::string& host) {
  in6_addr unused{};
  return ::inet_pton(AF_INET, host.c_str(), &unused) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &unused) == 1;
}

}  // namespace

HostCheck::HostCheck(const config::Admin& admin) {
  names_.insert("localhost");
  for (const std::string& host : admin.allowed_hosts) names_.insert(lowered(without_port(host)));
  for (const config::Listen& listen : admin.listen)
    if (!listen.is_unix()) names_.insert(lowered(listen.host));
}

bool HostCheck::right(std::string_view host) const {
  if (host.empty()) return true;
  const std::string name = lowered(without_port(host));
  return names_.contains(name) || is_address(name);
}

}  // namespace rebuf::daemon::admin
