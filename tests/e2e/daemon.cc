#include "daemon.h"

#include <doctest/doctest.h>
#include <httplib.h>
#include <signal.h>
#include <sys/resource.h>

#include <exception>
#include <fstream>
#include <iostream>
#include <iterator>
#include <thread>

#include "tests/support/free_port.h"

namespace rebuf::e2e {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds poll_interval{20};
// For a machine that is busy with other things; only what hangs takes as long.
constexpr std::chrono::seconds patience{120};

httplib::Client client_of(std::uint16_t port) {
  httplib::Client client("127.0.0.1", port);
  client.set_connection_timeout(2, 0);
  client.set_read_timeout(patience);
  return client;
}

std::size_t times_in(const std::string& text, const std::string& part) {
  std::size_t times = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++times;
  return times;
}

}  // namespace

Daemon::Daemon(const std::filesystem::path& home, const std::string& sinks_and_routes,
               const std::string& http, std::filesystem::path data_dir)
    : port_(test::free_port()),
      admin_port_(test::free_port()),
      data_dir_(data_dir.empty() ? home / "data" : std::move(data_dir)),
      config_file_(home / "rebufd.yaml"),
      log_file_(home / "rebufd.log"),
      http_(http) {
  configure(sinks_and_routes);
}

void Daemon::configure(const std::string& sinks_and_routes) const {
  const std::filesystem::path socket = config_file_.parent_path() / "admin.sock";
  const std::filesystem::path next = config_file_.parent_path() / "next.yaml";
  std::ofstream(next) << "data_dir: " << data_dir_.string() << "\n"
                      << "log: { level: debug }\n"
                      << "http:\n  listen: 127.0.0.1:" << port_ << "\n"
                      << http_ << "admin:\n  listen: 127.0.0.1:" << admin_port_
                      << "\n  socket: " << socket.string() << "\n"
                      << sinks_and_routes;
  std::filesystem::rename(next, config_file_);
}

Daemon::~Daemon() {
  if (std::uncaught_exceptions() > 0) std::cerr << log_end() << '\n';
}

void Daemon::set_environment(std::vector<std::string> environment) {
  environment_ = std::move(environment);
}

void Daemon::start() {
  life_begins_ = log().size();
  process_.emplace(std::vector<std::string>{REBUF_REBUFD, "--config", config_file_}, environment_,
                   log_file_);
  const auto deadline = Clock::now() + patience;
  while (log_from(life_begins_).find("rebufd: ready\n") == std::string::npos) {
    const bool ended = process_->ended(poll_interval);
    REQUIRE_MESSAGE(!ended, "rebufd ended with ", process_->wait());
    REQUIRE_MESSAGE(Clock::now() < deadline, "rebufd does not get ready");
  }
}

void Daemon::kill() {
  process_->send(SIGKILL);
  REQUIRE(process_->wait(patience) == 128 + SIGKILL);
}

int Daemon::stop(milliseconds limit) {
  process_->send(SIGTERM);
  return process_->wait(limit);
}

bool Daemon::reload() const {
  const std::string done = "the configuration was reloaded;";
  const std::string refused = "the configuration was not reloaded:";
  const auto log = [this] { return log_from(life_begins_); };
  const std::size_t begun = times_in(log(), "reads its configuration again\n");
  send(SIGHUP);
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const std::string now = log();
    if (times_in(now, done) + times_in(now, refused) > begun)
      return now.rfind(refused) == std::string::npos ||
             (times_in(now, done) > 0 && now.rfind(done) > now.rfind(refused));
    REQUIRE_MESSAGE(Clock::now() < deadline, "the reload does not end; ", log_end());
    std::this_thread::sleep_for(poll_interval);
  }
}

void Daemon::let_open_files(bool may) const {
  constexpr rlim_t fewest = 8;  // all long open; poll() refuses a limit below what it waits for
  rlimit files{};
  REQUIRE(::prlimit(process_->pid(), RLIMIT_NOFILE, nullptr, &files) == 0);
  files.rlim_cur = may ? files.rlim_max : fewest;
  REQUIRE(::prlimit(process_->pid(), RLIMIT_NOFILE, &files, nullptr) == 0);
}

Daemon::Figures Daemon::figures() const {
  const std::filesystem::path process = "/proc/" + std::to_string(process_->pid());
  Figures now;
  std::ifstream status(process / "status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("RssAnon:")) now.allocated_kib = std::stoul(line.substr(8));
    if (line.starts_with("Threads:")) now.threads = std::stoul(line.substr(8));
  }
  const std::filesystem::directory_iterator files(process / "fd");
  now.files = static_cast<std::size_t>(std::distance(begin(files), end(files)));
  return now;
}

std::filesystem::path Daemon::obstruct_cursor(const std::string& route) const {
  std::filesystem::path obstacle = data_dir_ / route / "cursor.tmp";
  for (std::error_code failed; !std::filesystem::create_directory(obstacle, failed);)
    std::filesystem::remove(obstacle, failed);
  return obstacle;
}

std::string Daemon::log_end(std::size_t bytes) const {
  const std::string all = log();
  return "the end of rebufd's log:\n" + all.substr(all.size() - std::min(bytes, all.size()));
}

// Of the former only librdkafka's `debug: eos` tells; the tests' sinks have it.
std::size_t Daemon::possible_repetitions() const {
  const std::string all = log();
  return times_in(all, "All partitions drained, bumped epoch to PID") +
         times_in(all, "a later request was acknowledged, this one was not");
}

std::string Daemon::log_from(std::size_t offset) const {
  std::ifstream file(log_file_, std::ios::binary);
  file.seekg(static_cast<std::streamoff>(offset));
  return {std::istreambuf_iterator<char>(file), {}};
}

int Daemon::probe(const std::string& path) const {
  const auto answer = client_of(port_).Get(path);
  return answer ? answer->status : 0;
}

std::optional<std::string> Daemon::get(const std::string& path) const {
  auto answer = client_of(admin_port_).Get(path);
  if (!answer || answer->status != 200) return std::nullopt;
  return std::move(answer->body);
}

Metrics Daemon::metrics() const {
  const auto text = get("/metrics");
  REQUIRE_MESSAGE(text, "no metrics");
  return Metrics(*text);
}

test::Finished Daemon::ctl(std::vector<std::string> arguments) const {
  const std::filesystem::path socket = config_file_.parent_path() / "admin.sock";
  arguments.insert(arguments.begin(), {REBUF_REBUFCTL, "--admin", "unix:" + socket.string()});
  return test::run(arguments);
}

Metrics Daemon::wait_until(const std::string& what,
                           const std::function<bool(const Metrics&)>& holds,
                           milliseconds limit) const {
  const auto deadline = Clock::now() + limit;
  for (;;) {
    Metrics now = metrics();
    if (holds(now)) return now;
    REQUIRE_MESSAGE(Clock::now() < deadline, what, " does not come true; ",
                    get("/api/v1/status").value_or("no status"));
    std::this_thread::sleep_for(poll_interval);
  }
}

Metrics Daemon::wait_until_drained(const std::string& route, milliseconds limit) const {
  return wait_until(
      "drained",
      [&](const Metrics& now) {
        return now.count("rebufd_backlog_messages", route) == 0 &&
               now.count("rebufd_backlog_segments", route) == 0 && segments(route).empty() &&
               now.count("rebufd_in_flight_messages", route) == 0;
      },
      limit);
}

std::vector<std::string> Daemon::segments(const std::string& route) const {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(data_dir_ / route / "log"))
    if (entry.path().filename().string().starts_with("rebuf-"))
      names.push_back(entry.path().filename());
  return names;
}

}  // namespace rebuf::e2e
