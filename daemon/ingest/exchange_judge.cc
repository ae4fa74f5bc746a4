// What is answered from a request's head alone.
#include <algorithm>
#include <charconv>
#include <string>

#include "daemon/health.h"
#include "daemon/ingest/exchange.h"
#include "daemon/ingest/glob.h"
#include "daemon/ingest/idempotency_key.h"

namespace rebuf::daemon::ingest {
namespace {

Reply ok(std::string body) {
  Reply reply;
  reply.body = std::move(body);
  return reply;
}

Reply options(std::string_view allow) {
  Reply reply;
  reply.status = 204;
  reply.content_type = {};
  reply.allow = allow;
  return reply;
}

Reply wrong_method(std::string_view method, std::string_view allow) {
  Reply reply = problem(405, "method_not_allowed", std::string(method) + " means nothing here");
  reply.allow = allow;
  return reply;
}

// What is escaped in a path put in its place, but for %00: such a path is found nowhere.
std::string unescaped(std::string_view path) {
  std::string result;
  while (!path.empty()) {
    unsigned char byte = 0;
    const char* digits = path.data() + 1;
    const bool escaped = path.front() == '%' && path.size() >= 3 &&
                         std::from_chars(digits, digits + 2, byte, 16).ptr == digits + 2 &&
                         byte != 0;
    result += escaped ? static_cast<char>(byte) : path.front();
    path.remove_prefix(escaped ? 3 : 1);
  }
  return result;
}

Target find(const RouteTable& routes, std::string_view target) {
  const std::string_view path = target.substr(0, target.find('?'));
  return path.find('%') == std::string_view::npos ? routes.find(path)
                                                  : routes.find(unescaped(path));
}

}  // namespace

std::optional<Reply> Exchange::judge(const Head& head) {
  routes_ = service_.routes.now();
  target_ = find(*routes_, head.target);
  read_headers(head, headers_);
  if (surplus_)
    return problem_for_now(503, "too_many_connections", "max_connections is reached", retry_soon_s);
  if (!headers_.error.empty()) return problem(400, "malformed", headers_.error);

  switch (target_.kind) {
    case Target::Kind::unknown:
      return problem(404, "unknown_route", "no route has this path");
    case Target::Kind::ingest:
      return judge_ingest(head);
    case Target::Kind::server:
      if (head.method == "OPTIONS") return options("GET, HEAD, OPTIONS, POST");
      return wrong_method(head.method, "OPTIONS");
    default:
      break;
  }
  if (head.method == "OPTIONS") return options("GET, HEAD, OPTIONS");
  if (head.method != "GET" && head.method != "HEAD")
    return wrong_method(head.method, "GET, HEAD, OPTIONS");
  return target_.kind == Target::Kind::health ? health() : readiness();
}

Reply Exchange::health() const {
  if (const auto trouble = health_trouble(routes_asked_for()))
    return problem_for_now(503, trouble->code, trouble->detail, retry_soon_s);
  return ok(R"({"status":"ok"})");
}

Reply Exchange::readiness() const {
  if (service_.stopping)
    return problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s);
  if (const auto trouble = readiness_trouble(routes_asked_for()))
    return problem_for_now(503, trouble->code, trouble->detail, retry_soon_s);
  return ok(R"({"status":"ready"})");
}

std::vector<const Route*> Exchange::routes_asked_for() const {
  if (target_.entry != nullptr) return {target_.entry->route};
  std::vector<const Route*> routes;
  for (const IngestRoute& entry : routes_->routes()) routes.push_back(entry.route);
  return routes;
}

std::optional<Reply> Exchange::judge_ingest(const Head& head) {
  if (head.method == "OPTIONS") return options("OPTIONS, POST");
  if (head.method != "POST") return wrong_method(head.method, "OPTIONS, POST");
  if (service_.stopping)
    return problem_for_now(503, "stopping", "rebufd is stopping", retry_after_stop_s);
  if (!headers_.content_encoding.empty() &&
      !equal_ignoring_case(headers_.content_encoding, "identity")) {
    Reply reply = problem(415, "unsupported_encoding", "the body must not be encoded");
    reply.accept_encoding = "identity";
    return reply;
  }
  if (std::optional<Reply> reply = judge_form()) return reply;
  if (std::optional<Reply> reply = judge_topic()) return reply;
  if (std::optional<Reply> reply = judge_key()) return reply;

  const config::RouteConfig& route = target_.entry->route->config();
  // A content type that says how the body is cut says nothing about a single message.
  pack_message_headers(head.fields, route, form_ == Form::lines, packed_headers_);
  if (headers_.content_length.value_or(0) > service_.http.max_body)
    return problem(
        413, "too_large",
        "the body is longer than max_body, " + std::to_string(service_.http.max_body) + " bytes");
  if (charge_for(headers_.content_length.value_or(0), 1) > service_.gate.limit())
    return problem(413, "too_large", "the request can never fit limits.memory");
  return std::nullopt;
}

std::optional<Reply> Exchange::judge_form() {
  const config::RouteConfig& route = target_.entry->route->config();
  if (target_.batch) {
    form_ = Form::json_array;
    if (headers_.content_type.empty() || is_media_type(headers_.content_type, "application/json"))
      return std::nullopt;
    Reply reply = problem(415, "unsupported_type", "a batch is application/json, an array");
    reply.accept = "application/json";
    return reply;
  }
  switch (route.split) {
    case config::Split::automatic:
      form_ =
          is_media_type(headers_.content_type, "application/x-ndjson") ? Form::lines : Form::single;
      break;
    case config::Split::single:
      form_ = Form::single;
      break;
    case config::Split::lines:
      form_ = Form::lines;
      break;
    case config::Split::json_array:
      form_ = Form::json_array;
      break;
  }
  return std::nullopt;
}

std::optional<Reply> Exchange::judge_topic() const {
  if (!headers_.topic) return std::nullopt;
  const config::RouteConfig& route = target_.entry->route->config();
  if (headers_.topic->empty()) return problem(400, "malformed", "Rebuf-Topic is empty");
  const bool allowed =
      *headers_.topic == route.topic ||
      std::any_of(route.topics.begin(), route.topics.end(),
                  [&](const std::string& glob) { return glob_matches(glob, *headers_.topic); });
  if (allowed) return std::nullopt;
  return problem(403, "topic_not_allowed",
                 "the route does not let requests choose topic " + std::string(*headers_.topic));
}

std::optional<Reply> Exchange::judge_key() {
  if (!headers_.idempotency_key) return std::nullopt;
  IdempotencyKey parsed = parse_idempotency_key(*headers_.idempotency_key);
  if (!parsed.error.empty()) return problem(400, "malformed", parsed.error);
  if (target_.entry->keys == nullptr) return std::nullopt;
  keyed_ = std::make_unique<Keyed>();
  keyed_->key = std::move(parsed.key);
  return std::nullopt;
}

}  // namespace rebuf::daemon::ingest
