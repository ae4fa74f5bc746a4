#include "daemon/logging.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "daemon/time_text.h"

namespace rebuf::daemon {
namespace {

using spdlog::details::log_msg;
using Buffer = spdlog::memory_buf_t;

std::string_view view(spdlog::string_view_t text) { return {text.data(), text.size()}; }

std::string_view level_text(spdlog::level::level_enum level) {
  return view(spdlog::level::to_string_view(level));
}

void append(Buffer& into, std::string_view text) {
  into.append(text.data(), text.data() + text.size());
}

// One line whatever the message holds: what a broker or a client said cannot forge another line.
void append_one_line(Buffer& into, std::string_view text) {
  for (const char c : text) into.push_back(static_cast<unsigned char>(c) < 0x20 ? ' ' : c);
}

class TextFormatter final : public spdlog::formatter {
 public:
  void format(const log_msg& message, Buffer& into) override {
    append(into, fmt::format("{} {:<7} {}: ", time_text(message.time), level_text(message.level),
                             view(message.logger_name)));
    append_one_line(into, view(message.payload));
    into.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<TextFormatter>(); }
};

// The journal has a time of its own, and takes the level as a number in front; sd-daemon(3).
class JournalFormatter final : public spdlog::formatter {
 public:
  void format(const log_msg& message, Buffer& into) override {
    const char level = message.level >= spdlog::level::err    ? '3'
                       : message.level == spdlog::level::warn ? '4'
                       : message.level == spdlog::level::info ? '6'
                                                              : '7';
    append(into, fmt::format("<{}>{}: ", level, view(message.logger_name)));
    append_one_line(into, view(message.payload));
    into.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<JournalFormatter>(); }
};

class JsonFormatter final : public spdlog::formatter {
 public:
  void format(const log_msg& message, Buffer& into) override {
    using Json = nlohmann::ordered_json;
    const Json line{{"time", time_text(message.time)},
                    {"level", level_text(message.level)},
                    {"source", view(message.logger_name)},
                    {"message", view(message.payload)}};
    append(into, line.dump(-1, ' ', false, Json::error_handler_t::replace));
    into.push_back('\n');
  }
  std::unique_ptr<formatter> clone() const override { return std::make_unique<JsonFormatter>(); }
};

// systemd.exec(5): device and inode of what stderr was connected to.
bool stderr_is_journal() {
  const char* const stream = std::getenv("JOURNAL_STREAM");
  struct stat there {};
  return stream != nullptr && ::fstat(STDERR_FILENO, &there) == 0 &&
         fmt::format("{}:{}", there.st_dev, there.st_ino) == stream;
}

std::unique_ptr<spdlog::formatter> make_formatter(config::LogFormat format) {
  if (format == config::LogFormat::json) return std::make_unique<JsonFormatter>();
  if (stderr_is_journal()) return std::make_unique<JournalFormatter>();
  return std::make_unique<TextFormatter>();
}

template <class Level>
spdlog::level::level_enum level_of(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

spdlog::string_view_t payload(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Logging::Logging(const config::LogSettings& settings)
    : main_(std::make_shared<spdlog::logger>("rebufd",
                                             std::make_shared<spdlog::sinks::stderr_sink_mt>())) {
  main_->set_formatter(make_formatter(settings.format));
  main_->set_level(level_of(settings.level));
}

std::shared_ptr<spdlog::logger> Logging::logger(const std::string& source) const {
  return main_->clone(source);
}

sinks::Logger Logging::sinks_logger(const std::string& source) const {
  return [logger = logger(source)](sinks::LogLevel level, std::string_view text) {
    logger->log(level_of(level), payload(text));
  };
}

std::function<void(LogLevel, std::string_view)> Logging::route_logger(
    const std::string& source) const {
  return [logger = logger(source)](LogLevel level, std::string_view text) {
    logger->log(level_of(level), payload(text));
  };
}

void Logging::info(std::string_view text) const { main_->info(payload(text)); }
void Logging::warning(std::string_view text) const { main_->warn(payload(text)); }
void Logging::error(std::string_view text) const { main_->error(payload(text)); }

}  // namespace rebuf::daemon
