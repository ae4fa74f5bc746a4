#include <map>

#include "config/checks.h"
#include "config/closest.h"
#include "config/references.h"

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

void check_pem(const SinkCheck& check, const std::string& key, const std::string& file) {
  constexpr std::size_t longest = 4 << 20;
  if (file.empty() || !check.sound(key)) return;
  std::string content;
  std::string why;
  if (!read_file(file, longest, content, why))
    check.mistake(key, "names a file that cannot be read: " + why, in_ticks(file));
  else if (content.find("-----BEGIN ") == std::string::npos)
    check.mistake(key, "names a file without certificate or key", "PEM: `-----BEGIN …`");
}

void check_tls(const SinkCheck& check, const HttpSinkConfig& http) {
  const TlsClient& tls = http.tls;
  check_pem(check, "tls.ca", tls.ca);
  check_pem(check, "tls.cert", tls.cert);
  check_pem(check, "tls.key", tls.key);
  if (tls.cert.empty() != tls.key.empty() && check.sound("tls"))
    check.mistake(
        "tls",
        tls.key.empty() ? "has a `cert` without its `key`" : "has a `key` without its `cert`",
        "a client certificate needs both");
  const bool any = !tls.ca.empty() || !tls.cert.empty() || !tls.key.empty();
  if (any && http.url.starts_with("http://"))
    check.mistake("tls", "does nothing with a `http://` url", "did you mean `https://`?");
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

// What the sink sets itself, in lower case.
void check_headers(const SinkCheck& check, const HttpSinkConfig& http) {
  for (const auto& [name, value] : http.headers) {
    std::string lower;
    for (const char c : name) lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
    if (lower == "host" || lower == "content-length" || lower == "transfer-encoding" ||
        lower == "connection" || lower == "content-encoding" || lower == "idempotency-key")
      check.mistake("headers." + name, "is set by rebufd itself", "leave it out");
  }
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
