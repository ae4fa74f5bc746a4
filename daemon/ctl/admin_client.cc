#include "daemon/ctl/admin_client.h"

#include <httplib.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <nlohmann/json.hpp>

#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {
namespace {

constexpr std::string_view unix_prefix = "unix:";
constexpr std::string_view http_prefix = "http://";
constexpr int time_limit_s = 10;
constexpr int post_time_limit_s = 40;      // dead letters go through the route
constexpr int status_configuration = 422;  // a configuration was refused

httplib::Client client_of(const std::string& place) {
  if (!place.starts_with(unix_prefix)) return httplib::Client(place);
  httplib::Client client(place.substr(unix_prefix.size()));
  client.set_address_family(AF_UNIX);
  client.set_default_headers({{"Host", "localhost"}});
  return client;
}

// As the configuration chooses its defaults.
std::vector<std::string> usual_places() {
  std::vector<std::string> places{"unix:/run/rebufd/admin.sock"};
  if (const char* runtime = std::getenv("XDG_RUNTIME_DIR"))
    places.push_back(std::string(unix_prefix) + runtime + "/rebufd-admin.sock");
  places.emplace_back("http://127.0.0.1:18082");
  return places;
}

AdminAnswer answer_of(const httplib::Response& response) {
  if (response.status == 200) return {exit_fine, response.body, {}};
  const auto problem = nlohmann::json::parse(response.body, nullptr, false);
  const bool told = problem.is_object() && problem.contains("detail");
  return {response.status == status_configuration ? exit_usage : exit_failed,
          {},
          told ? problem["detail"].get<std::string>()
               : "rebufd answered " + std::to_string(response.status)};
}

bool is_text(const nlohmann::json& object, const char* key) {
  return object.contains(key) && object[key].is_string();
}

bool is_list_of_named(const nlohmann::json& object, const char* key) {
  const auto named = [](const nlohmann::json& one) { return is_text(one, "name"); };
  return object.contains(key) && object[key].is_array() && std::ranges::all_of(object[key], named);
}

bool is_status(const std::string& body) {
  const auto status = nlohmann::json::parse(body, nullptr, false);
  return is_text(status, "version") && is_text(status, "data_dir") &&
         is_list_of_named(status, "routes") && is_list_of_named(status, "sinks");
}

}  // namespace

int fail(const AdminAnswer& answer) {
  std::cerr << "rebufctl: " << answer.problem << '\n';
  return answer.exit_code;
}

std::optional<AdminClient> AdminClient::make(const std::string& where) {
  if (where.empty()) return AdminClient(usual_places());
  const bool usable = (where.starts_with(unix_prefix) && where.size() > unix_prefix.size()) ||
                      (where.starts_with(http_prefix) && where.size() > http_prefix.size());
  if (!usable) return std::nullopt;
  return AdminClient({where});
}

AdminAnswer AdminClient::status() const {
  AdminAnswer answer = get("/api/v1/status");
  if (answer.exit_code != exit_fine || is_status(answer.body)) return answer;
  return {exit_failed, {}, "what answers is no rebufd: it does not say how its routes are"};
}

AdminAnswer AdminClient::ask(const std::string& method, const std::string& path) const {
  std::string tried;
  for (const std::string& place : places_) {
    httplib::Client client = client_of(place);
    client.set_connection_timeout(time_limit_s);
    client.set_read_timeout(method == "POST" ? post_time_limit_s : time_limit_s);
    const httplib::Result result = method == "POST" ? client.Post(path) : client.Get(path);
    if (result) return answer_of(*result);
    tried += (tried.empty() ? "" : ", ") + place + " (" + httplib::to_string(result.error()) + ")";
  }
  return {exit_unreachable, {}, "no rebufd answers: " + tried};
}

}  // namespace rebuf::ctl
