#include "daemon/admin/replies.h"

namespace rebuf::daemon::admin {
namespace {

using Json = nlohmann::ordered_json;

// What a sink says need not be UTF-8.
std::string text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Reply json_reply(const Json& json) { return {200, "application/json", text(json), {}}; }

Reply problem(int status, std::string_view title, std::string_view code, std::string_view detail) {
  const Json body{{"type", "about:blank"},
                  {"title", title},
                  {"status", status},
                  {"code", code},
                  {"detail", detail}};
  return {status, "application/problem+json", text(body), {}};
}

Reply not_found(std::string_view what) {
  return problem(404, "Not Found", "unknown", std::string(what) + " does not exist here");
}

}  // namespace rebuf::daemon::admin
