#include "sinks/http/request.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "sinks/http/id_ranges.h"

namespace rebuf::sinks::http {
namespace {

// Names that HTTP or this sink uses itself. A message's header of such a name travels as
// Rebuf-Header-NAME, which is also how it came in.
constexpr std::array<const char*, 21> own_names{"accept-encoding",
                                                "connection",
                                                "content-encoding",
                                                "content-length",
                                                "expect",
                                                "host",
                                                "idempotency-key",
                                                "keep-alive",
                                                "proxy-authorization",
                                                "proxy-connection",
                                                "range",
                                                "rebuf-id",
                                                "rebuf-ids",
                                                "rebuf-key",
                                                "rebuf-replayed",
                                                "rebuf-timestamp",
                                                "rebuf-topic",
                                                "te",
                                                "trailer",
                                                "transfer-encoding",
                                                "upgrade"};

bool in_token(char c) {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return std::isalnum(static_cast<unsigned char>(c)) != 0 ||
         marks.find(c) != std::string_view::npos;
}

// RFC 9110: visible characters, spaces and tabs, not at the ends.
bool header_value_fits(std::string_view value) {
  const auto blank = [](char c) { return c == ' ' || c == '\t'; };
  const auto plain = [&](char c) { return static_cast<unsigned char>(c) > 0x1f && c != 0x7f; };
  if (!value.empty() && (blank(value.front()) || blank(value.back()))) return false;
  return std::ranges::all_of(value, [&](char c) { return plain(c) || c == '\t'; });
}

bool header_name_fits(std::string_view name) {
  return !name.empty() && std::ranges::all_of(name, in_token);
}

std::string lower_case(std::string_view text) {
  std::string lower(text);
  std::ranges::transform(lower, lower.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return lower;
}

}  // namespace

bool own_header(std::string_view name) {
  const std::string lower = lower_case(name);
  return lower != "host" && std::ranges::find(own_names, lower) != own_names.end();
}

std::string unfit_header(const std::map<std::string, std::string>& headers) {
  for (const auto& [name, value] : headers) {
    if (!header_name_fits(name)) return "'" + name + "' is not the name of an HTTP header";
    if (!header_value_fits(value))
      return name + ": a line break, or a space at an end, cannot be in an HTTP header";
  }
  return {};
}

RequestBuilder::RequestBuilder(const HttpSettings& settings, std::string_view host_header)
    : format_(settings.format),
      encoding_(encoding_name(settings.compression)),
      taken_(own_names.begin(), own_names.end()),
      framing_(settings.format),
      compressor_(settings.compression) {
  std::set<std::string> configured;
  for (const auto& [name, value] : settings.headers) {
    common_.emplace_back(name, value);
    configured.insert(lower_case(name));
  }
  if (!configured.contains("host")) common_.emplace_back("Host", host_header);
  if (!configured.contains("user-agent")) common_.emplace_back("User-Agent", "rebufd");
  if (!configured.contains("accept")) common_.emplace_back("Accept", "*/*");
  taken_.merge(configured);
}

Request RequestBuilder::build(std::span<const OutMessage> messages) {
  Request request;
  request.headers = common_;
  const OutMessage& first = messages.front();
  const bool alone = format_ == HttpFormat::single || !framing_.fits(first.value);
  if (alone)
    build_single(first, request);
  else
    build_batch(messages, request);
  if (first.replayed) request.headers.emplace_back("rebuf-replayed", "1");
  compress(request);
  return request;
}

void RequestBuilder::build_single(const OutMessage& message, Request& request) const {
  request.count = 1;
  request.body = message.value;
  const std::string id = message.id.hex();
  request.headers.emplace_back("rebuf-id", id);
  request.headers.emplace_back("Idempotency-Key", id);
  request.headers.emplace_back("Rebuf-Timestamp", std::to_string(message.timestamp_ms));
  const auto add = [&](std::string name, std::string_view value) {
    if (header_name_fits(name) && header_value_fits(value))
      request.headers.emplace_back(std::move(name), value);
    else
      request.unfit = name + " of the message cannot be an HTTP header";
  };
  if (!message.topic.empty()) add("Rebuf-Topic", message.topic);
  if (message.key) add("Rebuf-Key", *message.key);
  bool typed = taken_.contains("content-type");
  for (const Header& header : message.headers) {
    const std::string name(header.name);
    typed = typed || name == "content-type";
    add(taken_.contains(name) ? "Rebuf-Header-" + name : name, header.value);
  }
  if (!typed) request.headers.emplace_back("Content-Type", "application/octet-stream");
}

void RequestBuilder::build_batch(std::span<const OutMessage> messages, Request& request) {
  const bool lines = format_ == HttpFormat::ndjson;
  const bool replayed = messages.front().replayed;
  IdRanges ids;
  body_.clear();
  if (!lines) body_ += '[';
  for (const OutMessage& message : messages) {
    const bool fits = request.count == 0 || framing_.fits(message.value);  // build() saw the first
    if (!fits || message.replayed != replayed || !ids.add(message.id)) break;
    if (!lines && request.count > 0) body_ += ',';
    body_ += message.value;
    if (lines) body_ += '\n';
    ++request.count;
  }
  if (!lines) body_ += ']';
  request.body = body_;
  request.headers.emplace_back("Rebuf-Ids", ids.text());
  if (!taken_.contains("content-type"))
    request.headers.emplace_back("Content-Type",
                                 lines ? "application/x-ndjson" : "application/json");
}

void RequestBuilder::compress(Request& request) {
  if (encoding_.empty() || !compressor_.compress(request.body, compressed_)) return;
  request.body = compressed_;
  request.headers.emplace_back("Content-Encoding", encoding_);
}

}  // namespace rebuf::sinks::http
