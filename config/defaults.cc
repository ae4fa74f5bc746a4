#include "config/defaults.h"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>

namespace rebuf::config {
namespace {

// systemd lists several directories with colons between; the first is ours.
std::optional<std::string> directory(const Environment& environment, const std::string& variable) {
  auto value = environment.variable(variable);
  if (!value) return std::nullopt;
  value->resize(std::min(value->find(':'), value->size()));
  if (!value->starts_with('/')) return std::nullopt;
  return value;
}

// Empty when nothing says where.
std::string default_data_dir(const Environment& environment) {
  if (const auto state = directory(environment, "STATE_DIRECTORY")) return *state;
  if (environment.root) return "/var/lib/rebufd";
  if (const auto state = directory(environment, "XDG_STATE_HOME")) return *state + "/rebufd";
  if (const auto home = directory(environment, "HOME")) return *home + "/.local/state/rebufd";
  return {};
}

std::string default_socket(const Environment& environment) {
  if (const auto runtime = directory(environment, "RUNTIME_DIRECTORY"))
    return *runtime + "/admin.sock";
  if (environment.root) return "/run/rebufd/admin.sock";
  if (const auto runtime = directory(environment, "XDG_RUNTIME_DIR"))
    return *runtime + "/rebufd-admin.sock";
  return {};
}

}  // namespace

Environment Environment::process() {
  const auto variable = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    if (value == nullptr) return std::nullopt;
    return value;
  };
  return {variable, ::geteuid() == 0};
}

void fill_defaults(Config& config, const Environment& environment, const Places& places,
                   Report& report) {
  if (!places.given("data_dir")) {
    config.data_dir = default_data_dir(environment);
    if (config.data_dir.empty())
      report.mistake(places.at(""), "there is no `data_dir`, and nothing to derive it from",
                     "add `data_dir: /var/lib/rebufd` (or set $STATE_DIRECTORY or $HOME)");
  }
  if (!places.given("http.listen")) config.http.listen = {{"127.0.0.1", 8082, {}}};
  if (!places.given("admin.listen")) config.admin.listen = {{"127.0.0.1", 18082, {}}};
  if (!places.given("admin.socket")) config.admin.socket = default_socket(environment);
}

}  // namespace rebuf::config
