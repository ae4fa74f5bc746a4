// limits.memory while sinks hang: what they hold leaves room for what the log is to take.
#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <functional>
#include <future>
#include <nlohmann/json.hpp>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// Connections are made by the kernel, and nobody ever reads from one.
struct Silent {
  Silent() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(::bind(socket, any, length) == 0);
    REQUIRE(::listen(socket, 100) == 0);
    REQUIRE(::getsockname(socket, any, &length) == 0);
    port = ntohs(address.sin_port);
  }
  ~Silent() { ::close(socket); }
  Silent(const Silent&) = delete;
  Silent& operator=(const Silent&) = delete;
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::uint16_t port = 0;
};

int post_many(const Rebufd& rebufd, const std::string& route) {
  std::string lines;  // 2,500 of them cost 1.3 MB of limits.memory
  for (int i = 0; i < 2500; ++i) lines += "1234567\n";
  auto client = rebufd.ingest();
  const auto answer = client.Post("/ingest/" + route, lines, "application/x-ndjson");
  return answer ? answer->status : 0;
}

}  // namespace

TEST_CASE_FIXTURE(Rebufd, "sinks that hang do not use up limits.memory: the log takes what comes") {
  const Silent silent;
  const std::string sink =
      "{ type: http, url: \"http://127.0.0.1:" + std::to_string(silent.port) + "/\", timeout: 1m }";
  configure("limits: { memory: 8MiB }\nsinks: { a: " + sink + ", b: " + sink +
            " }\nroute_defaults: { spill_after: 200ms }\n"
            "routes: { a: { sink: a }, b: { sink: b } }\n");
  start();
  REQUIRE(eventually([&] {
    const auto status = admin().Get("/api/v1/status");
    if (!status) return false;
    const auto routes = nlohmann::json::parse(status->body)["routes"];
    return std::all_of(routes.begin(), routes.end(),
                       [](const auto& route) { return route["state"] == "direct"; });
  }));
  // As many as fit, all within spill_after: the first ones go to the sinks and stay there.
  std::vector<std::future<int>> posts;
  for (int i = 0; i < 6; ++i)
    posts.push_back(
        std::async(std::launch::async, post_many, std::cref(*this), i % 2 == 0 ? "a" : "b"));
  for (auto& status : posts) CHECK(status.get() == 202);
  for (int i = 0; i < 6; ++i) CHECK(post_many(*this, i % 2 == 0 ? "a" : "b") == 202);
}

}  // namespace rebuf::daemon::rebufd_test
