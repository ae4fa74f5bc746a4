// rebufd as a user runs it: a process with a configuration file, reached by HTTP and signals. Its
// ports and its data directory outlive a restart. One thread, but for what is said to be safe.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "metrics.h"
#include "tests/support/program.h"

namespace rebuf::e2e {

class Daemon {
 public:
  // `sinks_and_routes` is the rest of the configuration, from `sinks:` on; `http` are further lines
  // of its `http:` block. The data directory is below `home`, unless given.
  Daemon(const std::filesystem::path& home, const std::string& sinks_and_routes,
         const std::string& http = {}, std::filesystem::path data_dir = {});
  ~Daemon();

  // The same for its next start or reload, which sees the old file or the new one, nothing between.
  void configure(const std::string& sinks_and_routes) const;
  // For its next start: NAME=VALUE on top of the test's own.
  void set_environment(std::vector<std::string> environment);
  // Returns when it says that it is ready: all that it listens on and keeps open is open. Fails the
  // test when that takes longer than two minutes.
  void start();
  // SIGKILL.
  void kill();
  // SIGTERM; the exit status. Fails the test when it takes longer than `limit`.
  int stop(std::chrono::milliseconds limit = std::chrono::seconds(120));
  void send(int signal) const { process_->send(signal); }
  // SIGHUP, and waits for the end of a reload that has begun since. False: it was refused. Fails
  // the test when that takes longer than two minutes.
  bool reload() const;
  // Whether it may open files and connections from now on; what is open stays so.
  void let_open_files(bool may) const;
  // What it takes of the machine now.
  struct Figures {
    std::size_t allocated_kib = 0;  // resident memory that is no file's
    std::size_t files = 0;
    std::size_t threads = 0;
  };
  [[nodiscard]] Figures figures() const;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::uint16_t admin_port() const { return admin_port_; }
  [[nodiscard]] const std::filesystem::path& data_dir() const { return data_dir_; }
  [[nodiscard]] const std::filesystem::path& config_file() const { return config_file_; }
  // A directory in the place of the file in which the route's cursor is made: until it is removed
  // none is saved, as in the 200 ms of its lag, and a start sends all of the log again.
  [[nodiscard]] std::filesystem::path obstruct_cursor(const std::string& route) const;
  // What it has written to stderr, over all its lives; all, and the end of it.
  [[nodiscard]] std::string log() const { return log_from(0); }
  [[nodiscard]] std::string log_end(std::size_t bytes = 4000) const;
  // How often what a broker had stored may have been sent again for the failure of something else
  // (docs/faults.md): librdkafka began new sequence numbers, or concluded what is not believed.
  [[nodiscard]] std::size_t possible_repetitions() const;

  // GET on the ingest port, the status code alone; 0 when nothing answers. Any thread.
  [[nodiscard]] int probe(const std::string& path) const;
  // GET on the admin port; empty when it does not answer 200. Any thread.
  [[nodiscard]] std::optional<std::string> get(const std::string& path) const;
  [[nodiscard]] Metrics metrics() const;
  // What rebufctl does and says, over this daemon's admin socket.
  [[nodiscard]] test::Finished ctl(std::vector<std::string> arguments) const;
  // Scrapes until it holds; fails the test at the limit, with the route's figures and the log.
  Metrics wait_until(const std::string& what, const std::function<bool(const Metrics&)>& holds,
                     std::chrono::milliseconds limit = std::chrono::seconds(300)) const;
  // Everything accepted is delivered, nothing is in the sink, and no completed segment is left.
  Metrics wait_until_drained(const std::string& route,
                             std::chrono::milliseconds limit = std::chrono::seconds(300)) const;
  // Names of the completed segments of a route's log.
  [[nodiscard]] std::vector<std::string> segments(const std::string& route) const;

 private:
  [[nodiscard]] std::string log_from(std::size_t offset) const;

  std::uint16_t port_;
  std::uint16_t admin_port_;
  std::filesystem::path data_dir_;
  std::filesystem::path config_file_;
  std::filesystem::path log_file_;
  std::string http_;
  std::vector<std::string> environment_;
  std::size_t life_begins_ = 0;  // in the log, the process's
  std::optional<test::Program> process_;
};

}  // namespace rebuf::e2e
