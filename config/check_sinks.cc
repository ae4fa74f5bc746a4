#include <map>
#include <string_view>

#include "config/checks.h"
#include "config/closest.h"
#include "config/references.h"
#include "sinks/http/client.h"
#include "sinks/http/request.h"
#include "sinks/http/url.h"

namespace rebuf::config {
namespace {

class SinkCheck {
 public:
  SinkCheck(const Checked& checked, const SinkConfig& sink) : checked_(checked), sink_(sink) {}

  [[nodiscard]] bool given(const std::string& key) const {
    return checked_.places.given(path(key));
  }
  [[nodiscard]] bool sound(const std::string& key) const {
    return checked_.places.sound(path(key));
  }
  // "<key> of sink `hook` <what>", at the key.
  void mistake(const std::string& key, const std::string& what, std::string hint) const {
    checked_.report.mistake(checked_.places.at(path(key)), describe(path(key)) + " " + what,
                            std::move(hint));
  }
  void warning(const std::string& key, const std::string& what, std::string hint) const {
    checked_.report.warning(checked_.places.at(path(key)), describe(path(key)) + " " + what,
                            std::move(hint));
  }
  void required(const std::string& key, bool there, std::string hint) const {
    if (there || !sound(key)) return;
    checked_.report.mistake(checked_.places.at(path(key)),
                            "sink " + in_ticks(sink_.name) + " has no `" + key + "`",
                            std::move(hint));
  }

 private:
  [[nodiscard]] std::string path(const std::string& key) const {
    return "sinks." + sink_.name + "." + key;
  }
  const Checked& checked_;
  const SinkConfig& sink_;
};

// Whether the file is there: OpenSSL would say the same of a missing one as of a wrong one.
bool readable(const SinkCheck& check, const std::string& key, const std::string& file) {
  constexpr std::size_t longest = 16 << 20;
  std::string content;
  std::string why;
  if (file.empty() || read_file(file, longest, content, why)) return true;
  check.mistake(key, "names a file that cannot be read: " + why, in_ticks(file));
  return false;
}

void check_tls(const SinkCheck& check, const HttpSinkConfig& http) {
  const TlsClient& tls = http.tls;
  if (tls.ca.empty() && tls.cert.empty() && tls.key.empty()) return;
  if (!check.sound("tls") || !check.sound("url")) return;
  if (tls.cert.empty() != tls.key.empty())
    return check.mistake(
        "tls",
        tls.key.empty() ? "has a `cert` without its `key`" : "has a `key` without its `cert`",
        "a client certificate needs both");
  const sinks::http::UrlResult url = sinks::http::parse_url(http.url);
  if (!url.url.tls)
    return check.mistake("tls", "does nothing with a `http://` url", "did you mean `https://`?");
  const bool ca = readable(check, "tls.ca", tls.ca);
  const bool cert = readable(check, "tls.cert", tls.cert);
  const bool key = readable(check, "tls.key", tls.key);
  if (!ca || !cert || !key) return;
  // "tls.key: no key for …"
  const std::string error =
      sinks::http::Client(url.url, http.timeout).load({tls.ca, tls.cert, tls.key});
  if (error.empty()) return;
  const std::size_t colon = error.find(": ");
  check.mistake(error.substr(0, colon), "cannot be used: " + error.substr(colon + 2),
                "PEM files, with the key of the certificate");
}

void check_statuses(const SinkCheck& check, const HttpSinkConfig& http) {
  for (std::size_t i = 0; i < http.dead_letter_status.size(); ++i) {
    const int status = http.dead_letter_status[i];
    if (status == 408 || status == 425 || status == 429)
      check.mistake("dead_letter_status." + std::to_string(i),
                    "would dead-letter on " + std::to_string(status) + ", which passes by itself",
                    "leave it out: the sink tries again");
  }
}

void check_headers(const SinkCheck& check, const HttpSinkConfig& http) {
  for (const auto& [name, value] : http.headers)
    if (sinks::http::own_header(name))
      check.mistake("headers." + name, "is HTTP's or rebufd's own", "leave it out");
}

void check_http(const SinkCheck& check, const HttpSinkConfig& http) {
  check.required("url", !http.url.empty(), "add `url: https://example.org/in`");
  if (http.format == BatchFormat::single && http.batch_max_messages != 1 && check.sound("batch"))
    check.mistake("batch.max_messages", "is more than 1, but `format: single` sends one a request",
                  "leave `max_messages` out, or use `format: ndjson`");
  if (http.retry_min > http.retry_max && check.sound("retry"))
    check.mistake("retry.min", "is longer than `retry.max`", "the waits grow from min to max");
  if (http.max_in_flight > 1 && check.sound("max_in_flight"))
    check.warning("max_in_flight", "is more than 1: this sink gives up the order of messages",
                  "`max_in_flight: 1` keeps it");
  check_statuses(check, http);
  check_headers(check, http);
  check_tls(check, http);
}

}  // namespace

void check_sinks(const Checked& checked) {
  std::map<std::string, std::string> files;  // path -> sink
  for (const SinkConfig& sink : checked.config.sinks) {
    if (!checked.places.sound("sinks." + sink.name + ".type")) continue;
    const SinkCheck check(checked, sink);
    if (sink.type == SinkType::http) check_http(check, sink.http);
    if (sink.type != SinkType::file) continue;
    check.required("path", !sink.file.path.empty(), "add `path: /var/lib/rebufd/out.ndjson`");
    const auto [other, is_new] = files.emplace(sink.file.path, sink.name);
    if (!is_new && !sink.file.path.empty())
      check.mistake("path", "is the file of sink " + in_ticks(other->second) + " too",
                    "let the routes share one sink");
  }
}

}  // namespace rebuf::config
