// rebufd as a process, with a directory and ports of its own.
#pragma once

#include <httplib.h>

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "support/program.h"
#include "support/temporary_directory.h"

namespace rebuf::daemon::rebufd_test {

std::string rebufd();  // the program

struct Rebufd {
  Rebufd();
  // `more` is the configuration below data_dir, http and admin: sinks and routes, log, limits.
  void configure(const std::string& more);
  void start(const std::vector<std::string>& environment = {});  // until it is ready
  [[nodiscard]] httplib::Client ingest() const;
  [[nodiscard]] httplib::Client admin() const;
  // SIGTERM and the exit code.
  int stop();

  test::TemporaryDirectory directory;
  const std::filesystem::path config = directory.path() / "rebufd.yaml";
  const std::filesystem::path data = directory.path() / "data";
  std::unique_ptr<test::Program> program;
  std::uint16_t ingest_port = 0, admin_port = 0;  // known when it is ready
};

// A sink that writes to a file in the test's directory, and one route, `r`, into it.
std::string file_route(const Rebufd& rebufd);

// Waits for what must become true.
bool eventually(const std::function<bool()>& condition);

}  // namespace rebuf::daemon::rebufd_test
