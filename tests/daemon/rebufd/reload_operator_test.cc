// What an operator asks of a route in the very moments in which a reload opens it again.
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iterator>

#include "config/load.h"
#include "daemon/daemon.h"
#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

using Steady = std::chrono::steady_clock;

// Nobody asks it for a reload.
class NoDesk final : public ReloadControl {
 public:
  [[nodiscard]] std::optional<ReloadOutcome> reload() override { return std::nullopt; }
  [[nodiscard]] bool last_successful() const override { return true; }
};

// rebufd within this process, with a route `a`. A reload that opens it anew hangs, with `a` open
// already and not yet shown to operators: it opens a second route too, whose cursor is a pipe into
// which nobody writes.
struct Within : Rebufd {
  Within() {
    write("1MiB", {});
    config::Loaded loaded = config::load(config);
    REQUIRE(loaded.config);
    auto started = Daemon::start(std::move(*loaded.config), logging, desk);
    REQUIRE(started);
    daemon = std::move(*started);
    const auto status = nlohmann::json::parse(rebufctl({"status", "--json"}).output);
    const std::string address = status.at("listen").at(0);
    ingest_port = static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }
  ~Within() {
    daemon->begin_stop();
    daemon->finish_stop();
  }
  Within(const Within&) = delete;
  Within& operator=(const Within&) = delete;

  void write(const std::string& window, const std::string& second) {
    configure(
        "sinks:\n  out: { type: file, path: " + out.string() +
        " }\nroute_defaults: { sink: out, drain: { jitter: 0s }, window: { max_bytes: " + window +
        " } }\nroutes:\n  a: {}\n" + (second.empty() ? "" : "  " + second + ": {}\n"));
  }
  // Calls `hangs` again and again while it hangs, until that is true.
  void reload(const std::string& window, const std::string& second,
              const std::function<bool()>& hangs) {
    write(window, second);
    const std::filesystem::path pipe = data / second / "cursor";
    std::filesystem::create_directory(pipe.parent_path());
    REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
    const std::string before = identity();
    bool done = false;
    const ReloadOutcome outcome = daemon->reload([&] {
      done = done || (identity() != before && hangs());
      // Fails until the route has come so far that it reads.
      if (const int end = done ? ::open(pipe.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC) : -1;
          end >= 0)
        ::close(end);
      return true;
    });
    CHECK(done);
    CHECK(outcome.changed == std::vector<std::string>{"a"});
  }
  void ask(const std::string& verb) const { CHECK(rebufctl({"route", verb, "a"}).code == 0); }
  [[nodiscard]] bool paused() const {
    return rebufctl({"status"}).output.find("paused") != std::string::npos;
  }
  // Other bytes as soon as the route is opened again.
  [[nodiscard]] std::string identity() const {
    std::ifstream file(data / "a" / "identity", std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }

  const std::filesystem::path out = directory.path() / "out";
  const Logging logging{config::LogSettings{}};
  NoDesk desk;
  std::unique_ptr<Daemon> daemon;
};

}  // namespace

TEST_CASE_FIXTURE(Within,
                  "a pause, or its end, asked for while a reload opens its route, is heeded") {
  reload("2MiB", "b", [&] {
    ask("pause");
    return true;
  });
  CHECK(paused());
  reload("3MiB", "c", [&] {
    ask("resume");
    return true;
  });
  CHECK_FALSE(paused());
}

TEST_CASE_FIXTURE(Within, "a paused route delivers nothing while a reload opens it again") {
  ask("pause");
  CHECK(post("/ingest/a", "kept") == 202);
  // Long enough for a drain, were it not paused.
  const auto end = Steady::now() + std::chrono::milliseconds(500);
  reload("2MiB", "b", [&] { return Steady::now() > end || !lines_of(out).empty(); });
  CHECK(lines_of(out).empty());
  ask("resume");
  CHECK(eventually([&] { return lines_of(out) == std::vector<std::string>{"kept"}; }));
}

}  // namespace rebuf::daemon::rebufd_test
