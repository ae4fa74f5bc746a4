// A program that a test runs: its output and error output go to files. It ends with its owner, and
// with the thread that started it. One thread.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/temporary_directory.h"

namespace rebuf::test {

constexpr std::chrono::seconds program_patience{100};

class Program {
 public:
  // `environment` (NAME=VALUE) comes on top of the test's own. Output and error output are files of
  // the program's own, unless `log` is given: then both are appended to it.
  explicit Program(const std::vector<std::string>& command,
                   const std::vector<std::string>& environment = {},
                   const std::filesystem::path& log = {});
  ~Program();  // SIGKILL when it still runs
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void send(int signal) const;
  // The exit code (128 + signal when one ended it). Fails the test when it takes longer.
  int wait(std::chrono::milliseconds within = program_patience);
  // Whether it has ended, or does so within that time.
  [[nodiscard]] bool ended(std::chrono::milliseconds within = {});
  [[nodiscard]] std::string output() const;
  [[nodiscard]] std::string errors() const;
  // Waits until the error output holds the text, and returns it all. Fails the test in the end.
  std::string wait_for_error(const std::string& text,
                             std::chrono::milliseconds within = program_patience);

 private:
  std::optional<TemporaryDirectory> directory_;  // without a log
  std::filesystem::path output_;
  std::filesystem::path errors_;
  pid_t pid_ = -1;
  std::optional<int> code_;
};

struct Finished {
  int code = 0;
  std::string output, errors;
};
// Runs a program to its end.
Finished run(const std::vector<std::string>& command,
             const std::vector<std::string>& environment = {});

}  // namespace rebuf::test
