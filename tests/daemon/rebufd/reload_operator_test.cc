// What an operator asks of a route in the very moments in which a reload opens it again.
#include <doctest/doctest.h>

#include "config/load.h"
#include "daemon/daemon.h"
#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

// Nobody asks it for a reload.
class NoDesk final : public ReloadControl {
 public:
  [[nodiscard]] std::optional<ReloadOutcome> reload() override { return std::nullopt; }
  [[nodiscard]] bool last_successful() const override { return true; }
};

// rebufd within this process, with two routes, so that one is opened behind the other.
struct Within : Rebufd {
  Within() {
    write("8192KiB");
    config::Loaded loaded = config::load(config);
    REQUIRE(loaded.config);
    auto started = Daemon::start(std::move(*loaded.config), logging, desk);
    REQUIRE(started);
    daemon = std::move(*started);
  }
  ~Within() {
    daemon->begin_stop();
    daemon->finish_stop();
  }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

  void write(const std::string& window) {
    configure("sinks:\n  out: { type: file, path: " + (directory.path() / "out").string() +
              " }\nroute_defaults: { window: { max_bytes: " + window +
              " } }\nroutes:\n  a: { sink: out }\n  b: { sink: out }\n");
  }
  void ask(const std::string& verb) const { CHECK(rebufctl({"route", verb, "a"}).code == 0); }
  [[nodiscard]] bool paused() const {
    return rebufctl({"status"}).output.find("paused") != std::string::npos;
  }

  const Logging logging{config::LogSettings{}};
  NoDesk desk;
  std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE_FIXTURE(Within, "a pause, or its end, asked for while a reload opens routes is heeded") {
  // The last time that it waits is before it opens `b`, when `a` is open already and not yet shown.
  bool pauses = false;
  for (const std::string window : {"4MiB", "2MiB", "1MiB"}) {
    write(window);
    const ReloadOutcome outcome = daemon->reload([&] {
      pauses = !pauses;
      ask(pauses ? "pause" : "resume");
      return true;
    });
    REQUIRE(outcome.done);
    CHECK(outcome.changed == std::vector<std::string>{"a", "b"});
    CHECK(paused() == pauses);
  }
}

}  // namespace rebuf::daemon::rebufd_test
