#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <vector>

#include "harness.h"
#include "sinks/fd.h"

namespace rebuf::daemon::admin_test {
namespace {

std::string code_of(const httplib::Result& response) {
  return nlohmann::json::parse(response->body).at("code");
}

// Connects and says nothing.
class SilentClients {
 public:
  SilentClients(std::uint16_t port, int count) {
    for (int i = 0; i < count; ++i) {
      sockets_.push_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_port = htons(port);
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      REQUIRE(::connect(sockets_.back(), reinterpret_cast<sockaddr*>(&address), sizeof address) ==
              0);
    }
  }
  ~SilentClients() {
    for (const int socket : sockets_) ::close(socket);
  }
  SilentClients(const SilentClients&) = delete;
  SilentClients& operator=(const SilentClients&) = delete;

 private:
  std::vector<int> sockets_;
};

}  // namespace

TEST_CASE_FIXTURE(Harness, "readyz says which route refuses and why, readyz/R only of that route") {
  FakeRoute other("other");
  sources.routes.push_back({&other, &http, &keys, &control});
  start();
  CHECK(tcp().Get("/readyz")->status == 200);
  other.set_ready({false, "the log is full"});
  auto all = tcp().Get("/readyz");
  CHECK(all->status == 503);
  CHECK(nlohmann::json::parse(all->body).at("detail") == "route other: the log is full");
  CHECK(tcp().Get("/readyz/telemetry")->status == 200);
  auto one = tcp().Get("/readyz/other");
  CHECK(one->status == 503);
  CHECK(nlohmann::json::parse(one->body).at("detail") == "route other: the log is full");
  CHECK(one->get_header_value("Content-Type") == "application/problem+json");
  CHECK(tcp().Get("/readyz/nobody")->status == 404);
}

TEST_CASE_FIXTURE(Harness, "healthz fails while a route makes no progress") {
  start();
  CHECK(tcp().Get("/healthz")->status == 200);
  route.set_progress(false);
  auto stuck = tcp().Get("/healthz");
  CHECK(stuck->status == 503);
  CHECK(code_of(stuck) == "no_progress");
}

TEST_CASE_FIXTURE(Harness, "a request with somebody else's Host is refused over TCP") {
  start();
  for (const char* path : {"/", "/metrics", "/api/v1/status"}) {
    auto refused = tcp().Get(path, {{"Host", "evil.example"}});
    CHECK(refused->status == 403);
    CHECK(code_of(refused) == "unknown_host");
  }
  CHECK(tcp().Get("/metrics", {{"Host", "localhost:1"}})->status == 200);
}

TEST_CASE_FIXTURE(Harness, "the embedded broker is switched over the socket, never over TCP") {
  start();
  auto refused = tcp().Post("/api/v1/sinks/main/embedded/down");
  CHECK(refused->status == 403);
  CHECK(code_of(refused) == "read_only");
  CHECK(kafka.stats().up);

  CHECK(unix_socket().Post("/api/v1/sinks/main/embedded/down")->status == 200);
  CHECK_FALSE(kafka.stats().up);
  CHECK(unix_socket().Post("/api/v1/sinks/main/embedded/up")->status == 200);
  CHECK(kafka.stats().up);

  CHECK(unix_socket().Post("/api/v1/sinks/main/embedded/sideways")->status == 404);
  CHECK(unix_socket().Post("/api/v1/sinks/nobody/embedded/down")->status == 404);
  auto got = unix_socket().Get("/api/v1/sinks/main/embedded/down");
  CHECK(got->status == 405);
  CHECK(got->get_header_value("Allow") == "POST");
  CHECK(kafka.stats().up);
}

TEST_CASE_FIXTURE(Harness, "a route is steered over the socket, never over TCP") {
  start();
  for (const std::string verb : {"pause", "resume", "catch-up", "purge"}) {
    CAPTURE(verb);
    const std::string path = "/api/v1/routes/telemetry/" + verb;
    auto refused = tcp().Post(path);
    CHECK(refused->status == 403);
    CHECK(code_of(refused) == "read_only");
    auto got = unix_socket().Get(path);
    CHECK(got->status == 405);
    CHECK(got->get_header_value("Allow") == "POST");
    CHECK(unix_socket().Post(path)->status == 200);
  }
  CHECK(unix_socket().Post("/api/v1/routes/telemetry/purge?through=3")->status == 200);
  CHECK(control.asked ==
        std::vector<std::string>{"pause", "resume", "catch-up", "purge", "purge through 3"});
  CHECK(unix_socket().Post("/api/v1/routes/telemetry/purge?through=x")->status == 400);
  CHECK(unix_socket().Post("/api/v1/routes/telemetry/sideways")->status == 404);
  CHECK(unix_socket().Post("/api/v1/routes/nobody/pause")->status == 404);
  CHECK(control.asked.size() == 5);
}

TEST_CASE_FIXTURE(Harness,
                  "dead letters are put back and deleted over the socket, never over TCP") {
  control.letters = 3;
  start();
  const std::string path = "/api/v1/routes/telemetry/dead_letters/";
  CHECK(tcp().Post(path + "replay")->status == 403);
  CHECK(tcp().Post(path + "purge")->status == 403);
  CHECK(control.asked.empty());
  CHECK(nlohmann::json::parse(unix_socket().Post(path + "replay")->body) ==
        nlohmann::json::parse(R"({"route":"telemetry","replayed":2,"dead_again":1,"left":2})"));
  CHECK(nlohmann::json::parse(unix_socket().Post(path + "purge")->body).at("deleted") == 2);
  CHECK(unix_socket().Post(path + "sideways")->status == 404);
  control.refusal = Status(Code::cancelled, "the dead letters stay: the buffer is full");
  CHECK(unix_socket().Post(path + "replay")->status == 503);
}

TEST_CASE_FIXTURE(Harness, "a verb that cannot be done says why") {
  start();
  control.refusal = Status(Code::invalid_argument, "segment 9 is not completed");
  auto refused = unix_socket().Post("/api/v1/routes/telemetry/purge?through=9");
  CHECK(refused->status == 409);
  CHECK(nlohmann::json::parse(refused->body).at("detail") == "segment 9 is not completed");
  control.refusal = Status(Code::closed, "the route is stopping");
  CHECK(unix_socket().Post("/api/v1/routes/telemetry/purge")->status == 503);
}

TEST_CASE_FIXTURE(Harness, "a sink without an embedded broker has none to switch") {
  sources.sinks[0].embedded = nullptr;
  start();
  auto refused = unix_socket().Post("/api/v1/sinks/main/embedded/down");
  CHECK(refused->status == 409);
  CHECK(code_of(refused) == "not_embedded");
}

TEST_CASE_FIXTURE(Harness, "unknown paths are 404, other methods 405, and HEAD has no body") {
  start();
  auto unknown = tcp().Get("/nothing");
  CHECK(unknown->status == 404);
  CHECK(unknown->get_header_value("Content-Type") == "application/problem+json");
  CHECK(tcp().Post("/nothing")->status == 404);
  auto posted = tcp().Post("/metrics");
  CHECK(posted->status == 405);
  CHECK(posted->get_header_value("Allow") == "GET, HEAD");
  auto head = tcp().Head("/metrics");
  CHECK(head->status == 200);
  CHECK(head->body.empty());
}

TEST_CASE_FIXTURE(Harness, "every answer carries the security headers and ends its connection") {
  start();
  for (const char* path : {"/", "/status.css", "/status.js", "/api/v1/status", "/nothing"}) {
    CAPTURE(path);
    auto answer = tcp().Get(path);
    CHECK(answer->get_header_value("Content-Security-Policy").starts_with("default-src 'none'"));
    CHECK(answer->get_header_value("X-Content-Type-Options") == "nosniff");
    CHECK(answer->get_header_value("Connection") == "close");
  }
}

TEST_CASE_FIXTURE(Harness, "a hundred silent connections do not keep a scrape out") {
  start();
  const SilentClients silent(server->ports().front(), 100);
  const auto begin = std::chrono::steady_clock::now();
  auto answer = tcp().Get("/metrics");
  REQUIRE(answer);
  CHECK(answer->status == 200);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8));
}

TEST_CASE_FIXTURE(Harness, "a port or a socket that somebody listens on is said to be in use") {
  start();
  config::Admin same_port;
  same_port.listen = {admin.listen[0]};
  same_port.listen[0].port = server->ports().front();
  auto second = AdminServer::start(same_port, sources);
  REQUIRE_FALSE(second.ok());
  CHECK(second.status().code() == Code::locked);

  config::Admin same_socket;
  same_socket.socket = admin.socket;
  auto third = AdminServer::start(same_socket, sources);
  REQUIRE_FALSE(third.ok());
  CHECK(third.status().code() == Code::locked);
  CHECK(unix_socket().Get("/healthz")->status == 200);
}

// As a process that is stopped leaves it: connects are neither refused nor answered.
TEST_CASE_FIXTURE(Harness, "a socket whose listener takes no connection now is not taken away") {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  admin.socket.copy(address.sun_path, sizeof address.sun_path - 1);
  const auto* generic = reinterpret_cast<const sockaddr*>(&address);
  std::vector<sinks::Fd> sockets;
  sockets.reserve(3);
  for (int i = 0; i < 3; ++i)
    sockets.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  REQUIRE(::bind(sockets[0].get(), generic, sizeof address) == 0);
  REQUIRE(::listen(sockets[0].get(), 0) == 0);
  REQUIRE(::connect(sockets[1].get(), generic, sizeof address) == 0);
  CHECK(::connect(sockets[2].get(), generic, sizeof address) != 0);
  auto refused = AdminServer::start(admin, sources);
  REQUIRE_FALSE(refused.ok());
  CHECK(refused.status().code() == Code::locked);
  CHECK(std::filesystem::exists(admin.socket));
}

TEST_CASE_FIXTURE(Harness, "the socket is for owner and group, and goes away with the server") {
  start();
  struct stat there {};
  REQUIRE(::stat(admin.socket.c_str(), &there) == 0);
  CHECK((there.st_mode & 07777) == 0660);
  server.reset();
  CHECK(::stat(admin.socket.c_str(), &there) != 0);
}

TEST_CASE_FIXTURE(Harness, "a socket left by a killed process is replaced, another file is not") {
  {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    admin.socket.copy(address.sun_path, sizeof address.sun_path - 1);
    const int left = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    REQUIRE(::bind(left, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    ::close(left);
  }
  start();
  CHECK(unix_socket().Get("/healthz")->status == 200);

  config::Admin onto_file;
  onto_file.socket = (directory.path() / "precious").string();
  std::ofstream(onto_file.socket) << "data";
  auto refused = AdminServer::start(onto_file, sources);
  REQUIRE_FALSE(refused.ok());
  CHECK(std::filesystem::file_size(onto_file.socket) == 4);
}

}  // namespace rebuf::daemon::admin_test
