// Logs as rebufd writes them, and rebufctl run over them.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "rebuf/log.h"
#include "support/program.h"

namespace rebuf::ctl_test {

test::Finished rebufctl(std::vector<std::string> arguments);

class LogMaker {
 public:
  // Makes DIR and DIR/log.
  explicit LogMaker(const std::filesystem::path& dir);

  void message(std::string_view value, std::optional<std::string_view> key = {});
  void dead_letter(std::string_view value, std::string_view reason);
  void raw(std::string_view bytes);
  void seal();
  void close();  // the directory is as a stopped rebufd leaves it

 private:
  std::unique_ptr<Log> log_;
  std::uint64_t ordinal_ = 0;
};

// Changes one bit of a file.
void flip_bit(const std::filesystem::path& file, std::uint64_t offset);

}  // namespace rebuf::ctl_test
