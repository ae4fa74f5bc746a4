#include "daemon/ctl/reload_command.h"

#include <fmt/format.h>

#include <iostream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {

int reload(const AdminClient& client) {
  const AdminAnswer answer = client.post("/api/v1/reload");
  if (answer.exit_code != exit_fine) return fail(answer);
  const auto changes = nlohmann::json::parse(answer.body);
  std::string text;
  for (const char* what : {"added", "removed", "changed"}) {
    const auto names = changes.at(what).get<std::vector<std::string>>();
    if (!names.empty()) text += fmt::format("{}: {}\n", what, fmt::join(names, ", "));
  }
  std::cout << "reloaded\n" << (text.empty() ? "no route has changed\n" : text);
  return exit_fine;
}

}  // namespace rebuf::ctl
