// The whole configuration as one immutable, fully checked value. Made by load() (config/load.h);
// every field has its final value, defaults filled in, `${…}` replaced. Plain data: copied and
// shared freely, no thread of its own. docs/configuration.md describes each key.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rebuf::config {

using Milliseconds = std::chrono::milliseconds;

// Where a key stands in the files, for messages that come later than checking.
struct Location {
  std::string file;
  int line = 0;    // from 1
  int column = 0;  // from 1
  // Where a value stands is no part of it: files that differ in lines only are the same.
  friend bool operator==(const Location&, const Location&) { return true; }
};

// host:port or a Unix socket.
struct Listen {
  std::string host;  // "127.0.0.1", "::1"; empty for a Unix socket
  std::uint16_t port = 0;
  std::string unix_path;  // absolute; empty for TCP
  [[nodiscard]] bool is_unix() const { return !unix_path.empty(); }
  [[nodiscard]] std::string text() const;  // as in the configuration
  friend bool operator==(const Listen&, const Listen&) = default;
};

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };

struct LogSettings {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::text;
  friend bool operator==(const LogSettings&, const LogSettings&) = default;
};

struct Http {
  std::vector<Listen> listen;           // default 127.0.0.1:8082
  std::uint32_t threads = 2;            // 2..64
  std::uint64_t max_body = 8ULL << 20;  // bytes
  std::uint32_t max_connections = 10000;
  Milliseconds idle_timeout{60'000};
  Milliseconds request_timeout{30'000};  // from the first byte to the answer
  friend bool operator==(const Http&, const Http&) = default;
};

struct Admin {
  std::vector<Listen> listen;  // default 127.0.0.1:18082; may be empty
  std::string socket;  // default /run/rebufd/admin.sock (root, systemd: $RUNTIME_DIRECTORY), else
                       // $XDG_RUNTIME_DIR/rebufd-admin.sock; "" = none
  std::vector<std::string> allowed_hosts;  // besides the listen addresses and localhost
  friend bool operator==(const Admin&, const Admin&) = default;
};

struct Limits {
  std::uint64_t memory = 64ULL << 20;      // bytes of payload in memory, 512 B a message added
  std::uint64_t keep_free = 256ULL << 20;  // bytes of the data file system left alone
  friend bool operator==(const Limits&, const Limits&) = default;
};

struct TlsClient {
  std::string ca, cert, key;  // file names; empty = system's / none
  friend bool operator==(const TlsClient&, const TlsClient&) = default;
};

struct KafkaSinkConfig {
  bool embedded = false;             // type: embedded_kafka
  std::vector<std::string> brokers;  // host:port
  std::map<std::string, std::string> librdkafka_options;
  std::string partitioner = "murmur2_random";
  friend bool operator==(const KafkaSinkConfig&, const KafkaSinkConfig&) = default;
};

enum class BatchFormat : std::uint8_t { single, ndjson, json_array };
enum class Compression : std::uint8_t { none, gzip, zstd };

struct HttpSinkConfig {
  std::string url;
  std::string method = "POST";  // POST | PUT | PATCH
  std::map<std::string, std::string> headers;
  std::uint32_t batch_max_messages = 500;
  std::uint64_t batch_max_bytes = 1ULL << 20;
  BatchFormat format = BatchFormat::ndjson;
  std::uint32_t max_in_flight = 1;  // requests; more gives up order
  Milliseconds timeout{10'000};
  Milliseconds retry_min{500};
  Milliseconds retry_max{60'000};
  std::vector<int> dead_letter_status{400, 413, 422};
  Compression compression = Compression::none;
  TlsClient tls;
  std::string health_path;  // empty: a TCP connect is the probe
  Milliseconds health_interval{5'000};
  friend bool operator==(const HttpSinkConfig&, const HttpSinkConfig&) = default;
};

struct FileSinkConfig {
  std::string path;
  friend bool operator==(const FileSinkConfig&, const FileSinkConfig&) = default;
};

enum class SinkType : std::uint8_t { kafka, http, file };

struct SinkConfig {
  std::string name;
  SinkType type = SinkType::kafka;
  KafkaSinkConfig kafka;  // for kafka
  HttpSinkConfig http;    // for http
  FileSinkConfig file;    // for file
  Location location;
  friend bool operator==(const SinkConfig&, const SinkConfig&) = default;
};

enum class Split : std::uint8_t { automatic, single, lines, json_array };
enum class Ack : std::uint8_t { delivered_or_buffered, delivered, buffered };
enum class Sync : std::uint8_t { every_write, interval };
enum class OnFull : std::uint8_t { reject, drop_oldest };
enum class OnError : std::uint8_t { retry, dead_letter, drop };

struct Buffer {
  std::uint64_t segment_size = 16ULL << 20;
  std::uint64_t max_bytes =
      1ULL << 30;  // of the whole log, the active segment too; from max_segments when that is given
  Sync sync = Sync::every_write;
  Milliseconds sync_interval{5'000};
  OnFull on_full = OnFull::reject;
  std::optional<Milliseconds> max_age;  // older entries are dropped when the drain meets them
  friend bool operator==(const Buffer&, const Buffer&) = default;
};

// What an idempotency key may take, of memory and of disk: 255 bytes with the answer of a request
// that was taken whole.
inline constexpr std::uint64_t idempotency_bytes_per_key = 640;

struct RouteConfig {
  std::string name;
  std::string path;  // "/ingest/<name>"
  std::string sink;  // key of Config::sinks
  std::string topic;
  std::vector<std::string> topics;  // globs that a request may choose besides
  Split split = Split::automatic;
  Ack ack = Ack::delivered_or_buffered;
  Milliseconds spill_after{1'000};
  std::vector<std::string> forward_headers{"content-type", "traceparent"};  // globs, lower case
  std::map<std::string, std::string> add_headers;
  Buffer buffer;
  std::uint32_t window_max_messages = 10'000;
  std::uint64_t window_max_bytes = 4ULL << 20;
  std::optional<std::uint64_t> drain_max_rate;  // messages a second
  Milliseconds drain_jitter{5'000};
  OnError on_too_large = OnError::dead_letter;
  OnError on_unknown_topic = OnError::dead_letter;
  OnError on_invalid = OnError::dead_letter;
  OnError on_auth = OnError::retry;
  std::uint64_t dead_letters_max_bytes = 256ULL << 20;
  Milliseconds idempotency_window{600'000};
  std::uint32_t idempotency_max_keys = 100'000;
  Location location;
  friend bool operator==(const RouteConfig&, const RouteConfig&) = default;
};

struct Config {
  std::string file;      // the main file's name, as given
  std::string data_dir;  // absolute
  LogSettings log;
  Http http;
  Admin admin;
  Limits limits;
  Milliseconds stop_timeout{10'000};
  std::vector<SinkConfig> sinks;    // in file order
  std::vector<RouteConfig> routes;  // in file order
  // Values that were made from `${…}`, as written: "routes.telemetry.add_headers.gateway" ->
  // "${HOSTNAME}". print() shows these instead of the values.
  std::map<std::string, std::string> references;
  [[nodiscard]] const SinkConfig& sink(const std::string& name) const;  // must exist
  friend bool operator==(const Config&, const Config&) = default;
};

}  // namespace rebuf::config
