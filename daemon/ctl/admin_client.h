// Asks a running rebufd over its admin socket or port. One thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace rebuf::ctl {

struct AdminAnswer {
  int exit_code = 0;  // exit_fine: `body` is the answer; else `problem` says what went wrong
  std::string body;
  std::string problem;
};

// Says on stderr what went wrong; the exit code.
[[nodiscard]] int fail(const AdminAnswer& answer);

class AdminClient {
 public:
  // `where` is "unix:PATH" or "http://HOST:PORT"; empty: the usual socket and the usual port, the
  // first that answers. Nothing when it is neither.
  [[nodiscard]] static std::optional<AdminClient> make(const std::string& where);

  [[nodiscard]] AdminAnswer get(const std::string& path) const { return ask("GET", path); }
  // /api/v1/status, surely a rebufd's: an object with `version`, `data_dir`, and the lists `routes`
  // and `sinks` of objects with a `name`.
  [[nodiscard]] AdminAnswer status() const;
  [[nodiscard]] AdminAnswer post(const std::string& path) const { return ask("POST", path); }

 private:
  explicit AdminClient(std::vector<std::string> places) : places_(std::move(places)) {}
  [[nodiscard]] AdminAnswer ask(const std::string& method, const std::string& path) const;

  std::vector<std::string> places_;  // tried in this order
};

}  // namespace rebuf::ctl
