#include "keyed_client.h"

#include <httplib.h>

#include <thread>
#include <utility>

namespace rebuf::e2e {

KeyedClient::KeyedClient(std::uint16_t port, std::string path)
    : path_(std::move(path)), http_(std::make_unique<httplib::Client>("127.0.0.1", port)) {
  http_->set_keep_alive(true);
  http_->set_tcp_nodelay(true);
  http_->set_connection_timeout(2, 0);
  http_->set_read_timeout(60, 0);
}

KeyedClient::~KeyedClient() = default;

int KeyedClient::post_with_message_key(const std::string& message_key, const std::string& value) {
  const auto result = http_->Post(path_, {{"Rebuf-Key", message_key}}, value, "text/plain");
  return result ? result->status : 0;
}

Told KeyedClient::post(const std::string& key, const std::string& value) {
  const auto result = http_->Post(path_, {{"Idempotency-Key", key}}, value, "text/plain");
  if (!result) return {};
  return {result->status, result->body, result->get_header_value("Idempotent-Replayed") == "true"};
}

KeyedPost KeyedClient::post_until_taken(const std::string& key, const std::string& value) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::minutes(2);
  KeyedPost post{key, value, {}, false};
  while (std::chrono::steady_clock::now() < deadline) {
    post.told = this->post(key, value);
    const bool again_may_help = post.told.status == 0 || post.told.status >= 429;
    if (!again_may_help) break;
    post.uncertain |=
        post.told.status == 0 || post.told.body.find("outcome_unknown") != std::string::npos;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));  // as a client pauses
  }
  return post;
}

}  // namespace rebuf::e2e
