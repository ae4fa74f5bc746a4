#include "daemon/ctl/wal_directory.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {
namespace {

namespace fs = std::filesystem;

bool exists_as_directory(const fs::path& path) {
  std::error_code unreadable;  // then it is none that we can use
  return fs::is_directory(path, unreadable);
}

// A route's directory (and the one of its dead letters) keeps the segments in log/.
fs::path log_in(const fs::path& directory) {
  if (exists_as_directory(directory / "log")) return directory / "log";
  return directory.has_filename() ? directory : directory.parent_path();  // without a last slash
}

}  // namespace

WalDirectory find_wal(const std::string& name, const AdminClient& client) {
  if (exists_as_directory(name)) return {exit_fine, log_in(name), {}};
  if (name.find('/') != std::string::npos) return {exit_failed, {}, name + " is no directory"};
  const AdminAnswer answer = client.status();
  if (answer.exit_code != exit_fine)
    return {answer.exit_code,
            {},
            name + " is no directory, and to look for a route: " + answer.problem};
  const auto status = nlohmann::json::parse(answer.body);
  const auto& routes = status.at("routes");
  const bool known = std::any_of(routes.begin(), routes.end(),
                                 [&](const auto& route) { return route.at("name") == name; });
  if (!known) return {exit_failed, {}, name + " is neither a directory nor a route"};
  return {exit_fine, log_in(fs::path(status.at("data_dir").get<std::string>()) / name), {}};
}

fs::path state_dir_of(const fs::path& dir) {
  const fs::path whole = fs::absolute(dir);
  fs::path beside = whole;
  beside += ".state";
  return whole.filename() == "log" && !exists_as_directory(beside) ? whole.parent_path() : beside;
}

}  // namespace rebuf::ctl
