#include "daemon/ctl/embedded_command.h"

#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {
namespace {

// The one sink that is embedded; empty when there is none or several.
std::string only_embedded(const std::string& json) {
  std::string found;
  const auto status = nlohmann::json::parse(json);
  for (const auto& sink : status.at("sinks")) {
    if (!sink.contains("bootstrap")) continue;
    if (!found.empty()) return {};
    found = sink.at("name");
  }
  return found;
}

}  // namespace

int switch_embedded(const AdminClient& client, const std::string& verb, const std::string& sink) {
  std::string name = sink;
  if (name.empty()) {
    const AdminAnswer status = client.status();
    if (status.exit_code != exit_fine) return fail(status);
    name = only_embedded(status.body);
    if (name.empty()) {
      std::cerr << "rebufctl: name the sink: not exactly one is of type embedded_kafka\n";
      return exit_usage;
    }
  }
  const AdminAnswer answer = client.post("/api/v1/sinks/" + name + "/embedded/" + verb);
  if (answer.exit_code != exit_fine) return fail(answer);
  std::cout << "the embedded Kafka of sink " << name << " is " << verb << '\n';
  return exit_fine;
}

}  // namespace rebuf::ctl
