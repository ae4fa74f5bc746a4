// Makes requests of messages: the body in the sink's format, and the headers.
#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sinks/http/compress.h"
#include "sinks/http/framing.h"
#include "sinks/http/http_sink.h"
#include "sinks/message.h"

namespace rebuf::sinks::http {

struct Request {
  std::size_t count = 0;  // so many messages of the front, at least one
  std::string unfit{};    // why the first message cannot be sent over HTTP at all; empty: it can
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string_view body{};  // into the message's value, or into the builder until the next build()
};

// Whether HTTP or this sink uses a header of this name (in any case) itself, so that a
// configuration may not set it. `Host` it may.
[[nodiscard]] bool own_header(std::string_view name);

// What of these cannot be sent as HTTP headers (a secret with a newline behind it, say); empty: all
// can. Names them, not their values.
[[nodiscard]] std::string unfit_header(const std::map<std::string, std::string>& headers);

// Used by one thread.
class RequestBuilder {
 public:
  // Of the settings it needs format, headers and compression.
  RequestBuilder(const HttpSettings& settings, std::string_view host_header);

  [[nodiscard]] Request build(std::span<const OutMessage> messages);
  // Of no message: for a probe.
  [[nodiscard]] Request bare_request() const { return {.headers = common_}; }

 private:
  void build_single(const OutMessage& message, Request& request) const;
  void build_batch(std::span<const OutMessage> messages, Request& request);
  void compress(Request& request);

  const HttpFormat format_;
  const std::string_view encoding_;  // empty: none
  std::vector<std::pair<std::string, std::string>> common_;
  std::set<std::string> taken_;  // header names, in lower case, that a message's may not take
  Framing framing_;
  Compressor compressor_;
  std::string body_;
  std::string compressed_;
};

}  // namespace rebuf::sinks::http
