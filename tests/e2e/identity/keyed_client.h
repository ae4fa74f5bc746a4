// A client that does what docs/idempotency.md advises: one key a request, sent again until it is
// answered 2xx. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace httplib {
class Client;
}

namespace rebuf::e2e {

struct Told {
  int status = 0;  // 0: no answer
  std::string body;
  bool repeated = false;  // Idempotent-Replayed
};

// One request that was answered 2xx in the end.
struct KeyedPost {
  std::string key, value;
  Told told;
  // Sent again after a broken connection or 503 outcome_unknown: the first may be kept.
  bool uncertain = false;
};

class KeyedClient {
 public:
  KeyedClient(std::uint16_t port, std::string path);
  ~KeyedClient();
  KeyedClient(const KeyedClient&) = delete;
  KeyedClient& operator=(const KeyedClient&) = delete;

  // Without an idempotency key, but with a Rebuf-Key; the status.
  [[nodiscard]] int post_with_message_key(const std::string& message_key, const std::string& value);
  [[nodiscard]] Told post(const std::string& key, const std::string& value);
  // Until it is answered 2xx, or otherwise for good, or two minutes are over.
  [[nodiscard]] KeyedPost post_until_taken(const std::string& key, const std::string& value);

 private:
  const std::string path_;
  std::unique_ptr<httplib::Client> http_;
};

}  // namespace rebuf::e2e
