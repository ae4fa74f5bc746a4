// The keys that are about the process as a whole.
#include "config/keys.h"
#include "config/size.h"
#include "config/text_checks.h"

namespace rebuf::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

Table<LogSettings> log_keys() {
  return {{value("level", &LogSettings::level,
                 choice_type<LogLevel>({{"debug", LogLevel::debug},
                                        {"info", LogLevel::info},
                                        {"warning", LogLevel::warning},
                                        {"error", LogLevel::error}})),
           value("format", &LogSettings::format,
                 choice_type<LogFormat>({{"text", LogFormat::text}, {"json", LogFormat::json}}))},
          {}};
}

Table<Http> http_keys() {
  return {
      {list("listen", &Http::listen, listen_type(), OneAlone::without_brackets, "`127.0.0.1:8082`"),
       value("threads", &Http::threads, integer_type<std::uint32_t>(2, 64)),
       value("max_body", &Http::max_body, size_type(KiB, GiB)),
       value("max_connections", &Http::max_connections, integer_type<std::uint32_t>(1, 1'000'000)),
       value("idle_timeout", &Http::idle_timeout, duration_type(seconds(1), days(1))),
       value("request_timeout", &Http::request_timeout,
             duration_type(Milliseconds(100), hours(1)))},
      {"tls", "auth"}};
}

Table<Admin> admin_keys() {
  return {
      {list("listen", &Admin::listen, listen_type(), OneAlone::without_brackets,
            "`127.0.0.1:18082`"),
       value("socket", &Admin::socket, or_none(path_type()), "`/run/rebufd/admin.sock`, see below"),
       list("allowed_hosts", &Admin::allowed_hosts, text_type("host", check_host),
            OneAlone::with_brackets)},
      {"tokens_file", "tls"}};
}

Table<Limits> limits_keys() {
  return {{value("memory", &Limits::memory, size_type(MiB, TiB)),
           value("keep_free", &Limits::keep_free, size_type(0, TiB))},
          {}};
}

}  // namespace

Table<Config> process_keys() {
  return {{value("data_dir", &Config::data_dir, path_type(), "`/var/lib/rebufd`, see below"),
           section("log", &Config::log, log_keys()), section("http", &Config::http, http_keys()),
           section("admin", &Config::admin, admin_keys()),
           section("limits", &Config::limits, limits_keys()),
           value("stop_timeout", &Config::stop_timeout, duration_type(seconds(0), hours(1)))},
          {"include"}};
}

Table<Draft> all_keys() {
  Table<Draft> table = lift(&Draft::config, process_keys());
  table.keys.push_back(sinks_key());
  table.keys.push_back(route_defaults_key());  // before the routes, which begin with them
  table.keys.push_back(routes_key());
  return table;
}

}  // namespace rebuf::config
