// rebufd's log lines, on stderr: text for people, JSON for collectors, and the journal's own form
// when stderr is the journal. One per process, made by main; loggers are copied freely and may be
// called from any thread.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "config/config.h"
#include "rebuf/options.h"
#include "sinks/sink.h"

namespace spdlog {
class logger;
}

namespace rebuf::daemon {

class Logging {
 public:
  explicit Logging(const config::LogSettings& settings);

  // For what `source` ("route telemetry", "ingest", …) has to say, in the two kinds that the rooms
  // take.
  [[nodiscard]] sinks::Logger sinks_logger(const std::string& source) const;
  [[nodiscard]] std::function<void(LogLevel, std::string_view)> route_logger(
      const std::string& source) const;

  void info(std::string_view text) const;
  void warning(std::string_view text) const;
  void error(std::string_view text) const;

 private:
  [[nodiscard]] std::shared_ptr<spdlog::logger> logger(const std::string& source) const;
  std::shared_ptr<spdlog::logger> main_;
};

}  // namespace rebuf::daemon
