// Where the server listens.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "harness.h"
#include "tests/support/free_port.h"

namespace rebuf::daemon::ingest_test {
namespace {

struct TempDir {
  TempDir() {
    std::string pattern = (std::filesystem::temp_directory_path() / "ingest-XXXXXX").string();
    REQUIRE(::mkdtemp(pattern.data()) != nullptr);
    path = pattern;
  }
  ~TempDir() { std::filesystem::remove_all(path); }
  std::string path;
};

struct Started {
  explicit Started(const std::vector<config::Listen>& listen) {
    config::Http http;
    http.listen = listen;
    auto result = IngestServer::start(http, {{{&route, nullptr, nullptr}}, nullptr}, budget,
                                      [](sinks::LogLevel, auto) {});
    if (result.ok())
      server = std::move(*result);
    else
      code = result.status().code();
  }
  FakeRoute route;
  MemoryBudget budget{1U << 20};
  std::unique_ptr<IngestServer> server;
  Code code = Code::ok;
};

config::Listen unix_listen(const std::string& path) { return {"", 0, path}; }

TEST_CASE("a Unix socket serves, has mode 0660 and goes with the server") {
  const TempDir dir;
  const std::string path = dir.path + "/in.sock";
  {
    Started started({unix_listen(path)});
    REQUIRE(started.server != nullptr);
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK((info.st_mode & 0777) == 0660);
    Client client(path);
    for (int i = 0; i < 10; ++i) CHECK(client.post("/ingest/r", "x").status == 200);
  }
  CHECK_FALSE(std::filesystem::exists(path));
}

TEST_CASE("the directory of a Unix socket is made when only that is missing") {
  const TempDir dir;
  Started started({unix_listen(dir.path + "/run/in.sock")});
  REQUIRE(started.server != nullptr);
  CHECK(Client(dir.path + "/run/in.sock").post("/ingest/r", "x").status == 200);
  CHECK(Started({unix_listen(dir.path + "/no/such/in.sock")}).code == Code::io);
}

TEST_CASE("a stale socket file is replaced, a live one and a plain file are refused") {
  const TempDir dir;
  const std::string path = dir.path + "/in.sock";
  {
    const sinks::Fd dead(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(::bind(dead.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  Started first({unix_listen(path)});
  REQUIRE(first.server != nullptr);
  CHECK(Started({unix_listen(path)}).code == Code::locked);
  CHECK(Client(path).post("/ingest/r", "x").status == 200);

  const std::string plain = dir.path + "/plain";
  std::ofstream(plain) << "precious";
  CHECK(Started({unix_listen(plain)}).code == Code::locked);
  CHECK(std::filesystem::file_size(plain) == 8);
}

TEST_CASE("several addresses at once") {
  const TempDir dir;
  Started started({{"127.0.0.1", 0, ""}, {"127.0.0.1", 0, ""}, unix_listen(dir.path + "/s")});
  REQUIRE(started.server != nullptr);
  const std::vector<std::uint16_t> ports = started.server->ports();
  REQUIRE(ports.size() == 3);
  CHECK(Client(ports[0]).post("/ingest/r", "x").status == 200);
  CHECK(Client(ports[1]).post("/ingest/r", "x").status == 200);
  CHECK(Client(dir.path + "/s").post("/ingest/r", "x").status == 200);
}

// On most machines localhost is ::1 first.
TEST_CASE("a name with several addresses is listened on at all of them, at one port") {
  const std::uint16_t port = test::free_port();
  Started started({{"localhost", port, ""}});
  REQUIRE(started.server != nullptr);
  CHECK(started.server->ports() == std::vector<std::uint16_t>{port});
  CHECK(Client(port).post("/ingest/r", "x").status == 200);
}

TEST_CASE("a port in use, a path too long and a host that does not exist are told apart") {
  Started first({{"127.0.0.1", 0, ""}});
  REQUIRE(first.server != nullptr);
  CHECK(Started({{"127.0.0.1", first.server->ports()[0], ""}}).code == Code::locked);
  CHECK(Started({unix_listen("/tmp/" + std::string(200, 'x'))}).code == Code::invalid_argument);
  CHECK(Started({{"no.such.host.invalid", 1, ""}}).code == Code::io);
}

TEST_CASE("a port is free again as soon as the server has stopped") {
  const std::uint16_t port = test::free_port();
  {
    Started first({{"127.0.0.1", port, ""}});
    REQUIRE(first.server != nullptr);
    CHECK(Client(port).post("/ingest/r", "x").status == 200);
  }
  Started second({{"127.0.0.1", port, ""}});
  REQUIRE(second.server != nullptr);
  CHECK(Client(port).post("/ingest/r", "x").status == 200);
}

}  // namespace
}  // namespace rebuf::daemon::ingest_test
