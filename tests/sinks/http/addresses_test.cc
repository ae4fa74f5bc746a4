// An endpoint whose name has several addresses.
#include "endpoint.h"
#include "sinks/http/client.h"

namespace rebuf::sinks::test {
namespace {

http::Resolver::LookUp answering(std::vector<std::string> addresses) {
  return [addresses = std::move(addresses)](const std::string&) {
    return http::Resolved{.addresses = addresses, .error = {}};
  };
}

http::Url url_with_port(int port) {
  return http::parse_url("http://endpoint.example:" + std::to_string(port) + "/in").url;
}

// The first address leaves connects unanswered, the second one serves.
TEST_CASE("an address that is silent leaves the others time to be tried") {
  Endpoint endpoint([](const Seen&, httplib::Response& response) { response.status = 200; });
  int port = endpoint.port();
  const auto silent = full_listener(port, "127.0.0.2");
  const seconds timeout(6);
  http::Client client(url_with_port(port), timeout, answering({"127.0.0.2", "127.0.0.1"}));

  http::Request request;
  request.body = "x";
  const auto began = std::chrono::steady_clock::now();
  CHECK(client.send("POST", "/in", request).status == 200);
  CHECK(std::chrono::steady_clock::now() - began < timeout);
  CHECK(endpoint.bodies() == std::vector<std::string>{"x"});

  http::Client probing(url_with_port(port), timeout, answering({"127.0.0.2", "127.0.0.1"}));
  const auto began_to_probe = std::chrono::steady_clock::now();
  CHECK(probing.connect().status == 200);
  CHECK(std::chrono::steady_clock::now() - began_to_probe < timeout);
}

TEST_CASE("addresses that are all silent are a time-out, and together take no longer than one") {
  int port = 0;
  const auto first = full_listener(port, "127.0.0.2");
  const auto second = full_listener(port, "127.0.0.3");
  const auto third = full_listener(port, "127.0.0.4");
  const auto fourth = full_listener(port, "127.0.0.5");
  const seconds timeout(2);
  http::Client client(url_with_port(port), timeout,
                      answering({"127.0.0.2", "127.0.0.3", "127.0.0.4", "127.0.0.5"}));

  const auto began = std::chrono::steady_clock::now();
  const http::Answer answer = client.send("POST", "/in", http::Request());
  CHECK(std::chrono::steady_clock::now() - began < 4 * timeout);
  CHECK(answer.status == 0);
  CHECK(answer.error_class == "timeout");
  CHECK_FALSE(answer.sent);
  CHECK(client.connect().error_class == "timeout");
}

}  // namespace
}  // namespace rebuf::sinks::test
