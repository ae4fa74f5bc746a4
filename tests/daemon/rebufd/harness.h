// rebufd as a process, with a directory and ports of its own.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/temporary_directory.h"

namespace rebuf::daemon::rebufd_test {

std::string rebufd();  // the program

inline constexpr int no_answer = 599;  // no success, in any comparison

struct Rebufd {
  Rebufd();
  // `more` is the configuration below data_dir, http and admin: sinks and routes, log, limits.
  void configure(const std::string& more);
  void start(const std::vector<std::string>& environment = {});  // until it is ready
  [[nodiscard]] httplib::Client ingest() const;
  [[nodiscard]] httplib::Client admin() const;
  // Of a message to a path on the ingest port; no_answer: none.
  [[nodiscard]] int post(const std::string& path, const std::string& message) const;
  // Over the admin socket, until it has ended.
  [[nodiscard]] test::Finished rebufctl(const std::vector<std::string>& arguments) const;
  [[nodiscard]] std::vector<std::string> rebufctl_command(
      const std::vector<std::string>& arguments) const;
  [[nodiscard]] nlohmann::json status() const;
  // A line of /metrics: "NAME{LABELS} VALUE".
  [[nodiscard]] bool measures(const std::string& line) const;
  // SIGTERM and the exit code.
  int stop();

  test::TemporaryDirectory directory;
  const std::filesystem::path config = directory.path() / "rebufd.yaml";
  const std::filesystem::path data = directory.path() / "data";
  std::unique_ptr<test::Program> program;
  std::uint16_t ingest_port = 0, admin_port = 0;  // known when it is ready
};

// Accepts connections (the kernel does) and never answers.
class SilentServer {
 public:
  SilentServer();
  ~SilentServer();
  SilentServer(const SilentServer&) = delete;
  SilentServer& operator=(const SilentServer&) = delete;
  [[nodiscard]] std::uint16_t port() const { return port_; }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

// A sink that writes to a file in the test's directory, and one route, `r`, into it.
std::string file_route(const Rebufd& rebufd);

// Waits for what must become true.
bool eventually(const std::function<bool()>& condition);

std::vector<std::string> lines_of(const std::filesystem::path& file);  // none: it is not there

}  // namespace rebuf::daemon::rebufd_test
