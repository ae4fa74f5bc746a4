#include "daemon/health.h"

namespace rebuf::daemon {
namespace {

void append(std::string& list, const char* separator, const std::string& text) {
  if (!list.empty()) list += separator;
  list += text;
}

}  // namespace

std::optional<Trouble> health_trouble(const std::vector<const Route*>& routes) {
  std::string stuck;
  for (const Route* route : routes)
    if (!route->making_progress()) append(stuck, ", ", route->config().name);
  if (stuck.empty()) return std::nullopt;
  return Trouble{"no_progress", "no progress on route " + stuck};
}

std::optional<Trouble> readiness_trouble(const std::vector<const Route*>& routes) {
  std::string refusing;
  for (const Route* route : routes)
    if (const Readiness readiness = route->readiness(); !readiness.ready)
      append(refusing, "; ", "route " + route->config().name + ": " + readiness.reason);
  if (refusing.empty()) return std::nullopt;
  return Trouble{"not_ready", refusing};
}

}  // namespace rebuf::daemon
