// The HTTP sink: posts messages, singly or in batches, to one URL. `delivered` means: the endpoint
// answered 2xx.
//
// Owned by the daemon. Any thread may call anything, but Channel::stop() must not be called from a
// listener, and the channels go before the sink. docs/http_sink.md says what is sent and what
// becomes of which answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "sinks/sink.h"

namespace rebuf::sinks {

enum class HttpFormat : std::uint8_t { single, ndjson, json_array };
enum class HttpCompression : std::uint8_t { none, gzip, zstd };

struct HttpSettings {
  std::string name;  // of the sink, for log lines
  std::string url;   // http or https; path and query are kept
  std::string method = "POST";
  std::map<std::string, std::string> headers;  // of every request
  HttpFormat format = HttpFormat::ndjson;
  std::size_t batch_max_messages = 500;
  std::size_t batch_max_bytes = 1U << 20;     // of the body before compression
  std::uint32_t max_in_flight = 1;            // requests at a time; more than one gives up order
  std::chrono::milliseconds timeout{10'000};  // of a whole request
  std::chrono::milliseconds retry_min{500};
  std::chrono::milliseconds retry_max{60'000};
  std::vector<int> dead_letter_status{400, 413, 422};
  HttpCompression compression = HttpCompression::none;
  std::string ca, cert, key;  // PEM files; empty: the system's authorities, no client certificate
  std::string health_path;    // GET it to probe; empty: a TCP connect is the probe
};

struct HttpSinkResult {
  std::unique_ptr<Sink> sink;  // null when the settings cannot work
  std::string error;           // why
};

// Reads the TLS files; does no network I/O.
[[nodiscard]] HttpSinkResult make_http_sink(HttpSettings settings, Logger log,
                                            DeliveryObserver observer);

}  // namespace rebuf::sinks
