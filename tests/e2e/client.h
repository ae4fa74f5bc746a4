// A client that looks at everything that an answer says; for tests that know what comes. One
// thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "ledger.h"

namespace httplib {
class Client;
}

namespace rebuf::e2e {

struct Reply {
  int status = 0;     // 0: no answer
  std::string state;  // delivered, buffered, partial; of a problem its code
  std::size_t delivered = 0;
  std::size_t buffered = 0;
  std::map<std::size_t, std::string> refused;  // by their place in the request: the code
  Id first_id, last_id;                        // when all of it was taken
  bool retry_after = false;

  [[nodiscard]] bool taken() const { return status == 200 || status == 202; }
};

class Client {
 public:
  using Headers = std::map<std::string, std::string>;

  Client(std::uint16_t port, std::string path);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // One message.
  [[nodiscard]] Reply post(const std::string& value, const Headers& headers = {});
  // A message a line.
  [[nodiscard]] Reply post_lines(const std::vector<std::string>& values,
                                 const Headers& headers = {});

 private:
  Reply send(const std::string& body, const std::string& type, const Headers& headers);

  const std::string path_;
  const std::unique_ptr<httplib::Client> http_;
};

}  // namespace rebuf::e2e
