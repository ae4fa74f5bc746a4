#include "client.h"

#include <httplib.h>

#include <nlohmann/json.hpp>
#include <utility>

namespace rebuf::e2e {
namespace {

void read_counts(const nlohmann::json& body, Reply& reply) {
  const bool delivered = reply.state == "delivered";
  const std::size_t all = body.value("count", std::size_t{1});
  if (reply.state != "partial") (delivered ? reply.delivered : reply.buffered) = all;
  reply.delivered = body.value("delivered", reply.delivered);
  reply.buffered = body.value("buffered", reply.buffered);
  for (const auto& error : body.value("errors", nlohmann::json::array()))
    reply.refused[error.at("index")] = error.at("code");
  const std::string one = body.value("id", "");
  reply.first_id = Id::parse(body.value("first_id", one)).value_or(Id{});
  reply.last_id = Id::parse(body.value("last_id", one)).value_or(Id{});
}

}  // namespace

Client::Client(std::uint16_t port, std::string path)
    : path_(std::move(path)), http_(std::make_unique<httplib::Client>("127.0.0.1", port)) {
  http_->set_keep_alive(true);
  http_->set_tcp_nodelay(true);
  http_->set_read_timeout(60, 0);
}

Client::~Client() = default;

Reply Client::post(const std::string& value, const Headers& headers) {
  return send(value, "text/plain", headers);
}

Reply Client::post_lines(const std::vector<std::string>& values, const Headers& headers) {
  std::string body;
  for (const std::string& value : values) body += value + '\n';
  return send(body, "application/x-ndjson", headers);
}

Reply Client::send(const std::string& body, const std::string& type, const Headers& headers) {
  const auto answer = http_->Post(path_, {headers.begin(), headers.end()}, body, type.c_str());
  Reply reply;
  if (!answer) return reply;
  reply.status = answer->status;
  reply.retry_after = answer->has_header("Retry-After");
  const auto json = nlohmann::json::parse(answer->body, nullptr, false);
  if (!json.is_object()) return reply;
  if (!reply.taken()) {
    reply.state = json.value("code", "");
    return reply;
  }
  reply.state = json.value("status", "");
  read_counts(json, reply);
  return reply;
}

}  // namespace rebuf::e2e
