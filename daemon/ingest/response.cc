#include "daemon/ingest/response.h"

#include <charconv>

namespace rebuf::daemon::ingest {
namespace {

void append_number(std::string& out, std::size_t value) {
  std::array<char, 20> digits{};
  out.append(digits.data(), std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr);
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view phrase_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    default:
      return "Service Unavailable";
  }
}

std::string_view DateText::now() {
  const std::time_t second = std::time(nullptr);
  if (second != second_) {
    std::tm utc{};
    ::gmtime_r(&second, &utc);  // fails beyond the year 2^31
    size_ = std::strftime(text_.data(), text_.size(), "%a, %d %b %Y %H:%M:%S GMT", &utc);
    second_ = second;
  }
  return {text_.data(), size_};
}

void append_response(std::string& out, const Reply& reply, Framing framing, std::string_view date) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::size_t>(reply.status));
  out.append(" ").append(phrase_of(reply.status)).append("\r\n");
  append_field(out, "Date", date);
  if (framing.ends)
    out += "Connection: close\r\n";
  else if (!framing.http_1_1)
    out += "Connection: keep-alive\r\n";
  append_field(out, "Content-Type", reply.content_type);
  append_field(out, "Rebuf-Status", reply.rebuf_status);
  if (!reply.rebuf_status.empty())
    append_field(out, "Rebuf-Durable", reply.durable ? "true" : "false");
  if (reply.retry_after_s > 0) {
    out += "Retry-After: ";
    append_number(out, reply.retry_after_s);
    out += "\r\n";
  }
  if (reply.repeated) out += "Idempotent-Replayed: true\r\n";
  append_field(out, "Allow", reply.allow);
  append_field(out, "Accept", reply.accept);
  append_field(out, "Accept-Encoding", reply.accept_encoding);
  if (reply.status != 204) {
    out += "Content-Length: ";
    append_number(out, reply.body.size());
    out += "\r\n";
  }
  out += "\r\n";
  if (!framing.no_body) out += reply.body;
}

}  // namespace rebuf::daemon::ingest
