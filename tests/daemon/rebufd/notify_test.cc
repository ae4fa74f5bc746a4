// rebufd as systemd sees it: a service of Type=notify with a watchdog.
#include <doctest/doctest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// The end that systemd would hold.
class NotifySocket {
 public:
  explicit NotifySocket(std::string path)
      : path_(std::move(path)), socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(address.sun_path, sizeof address.sun_path - 1);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  }
  ~NotifySocket() { ::close(socket_); }
  NotifySocket(const NotifySocket&) = delete;
  NotifySocket& operator=(const NotifySocket&) = delete;

  // The next message; empty when none comes within the time.
  std::string next(std::chrono::milliseconds within = test::program_patience) {
    pollfd one{.fd = socket_, .events = POLLIN, .revents = 0};
    if (::poll(&one, 1, static_cast<int>(within.count())) <= 0) return {};
    std::array<char, 4096> text{};
    const ssize_t size = ::recv(socket_, text.data(), text.size(), 0);
    return {text.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
  }
  // Passes over others until this one comes.
  std::string wait_for(const std::string& start) {
    while (true) {
      std::string message = next();
      REQUIRE_MESSAGE(!message.empty(), "no " << start);
      if (message.starts_with(start)) return message;
    }
  }

 private:
  std::string path_;
  int socket_;
};

}  // namespace

TEST_CASE_FIXTURE(Rebufd, "systemd hears READY, WATCHDOG, STATUS and STOPPING at their time") {
  configure(file_route(*this));
  const std::string path = (directory.path() / "notify").string();
  NotifySocket systemd(path);
  start({"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=400000"});
  systemd.wait_for("READY=1");
  CHECK(ingest().Get("/healthz")->status == 200);  // ready means: it listens
  CHECK(admin().Get("/healthz")->status == 200);
  systemd.wait_for("WATCHDOG=1");
  CHECK(systemd.wait_for("STATUS=").find("r: ") != std::string::npos);
  systemd.wait_for("WATCHDOG=1");
  program->send(SIGTERM);
  systemd.wait_for("STOPPING=1");
  CHECK(program->wait() == 0);
}

TEST_CASE_FIXTURE(Rebufd, "the watchdog is fed while a reload waits for a sink that hangs") {
  const SilentServer silent;
  const auto with = [&](const std::string& more) {
    configure("stop_timeout: 1h\nsinks:\n  hang: { type: http, url: \"http://127.0.0.1:" +
              std::to_string(silent.port()) +
              "/\", timeout: 1h }\nroutes:\n  r: { sink: hang, spill_after: 29s" + more + " }\n");
  };
  with("");
  const std::string path = (directory.path() / "notify").string();
  NotifySocket systemd(path);
  start({"NOTIFY_SOCKET=" + path, "WATCHDOG_USEC=20000000"});
  REQUIRE(eventually([&] { return status()["routes"][0]["state"] == "direct"; }));
  std::thread client([&] { CHECK(post("/ingest/r", "held") == 202); });
  CHECK(eventually([&] { return measures("rebufd_in_flight_messages{route=\"r\"} 1"); }));
  with(", path: /moved");
  program->send(SIGHUP);
  program->wait_for_error("reads its configuration again");
  while (!systemd.next(std::chrono::milliseconds(0)).empty()) {
  }
  for (int i = 0; i < 3; ++i) systemd.wait_for("WATCHDOG=1");
  CHECK(admin().Get("/readyz/r")->body.find("stopping") != std::string::npos);  // it waits still
  program->send(SIGTERM);
  systemd.wait_for("STOPPING=1");
  client.join();
}

TEST_CASE_FIXTURE(Rebufd, "a rebufd that cannot start never says READY") {
  configure(file_route(*this));
  start();
  const std::string path = (directory.path() / "notify").string();
  NotifySocket systemd(path);
  CHECK(test::run({rebufd(), "--config", config.string()}, {"NOTIFY_SOCKET=" + path}).code == 1);
  for (std::string message; !(message = systemd.next(std::chrono::milliseconds(0))).empty();)
    CHECK_FALSE(message.starts_with("READY"));
}

}  // namespace rebuf::daemon::rebufd_test
