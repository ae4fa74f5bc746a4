#include "daemon/ingest/reply.h"

#include <array>
#include <charconv>

#include "daemon/ingest/response.h"

namespace rebuf::daemon::ingest {
namespace {

constexpr std::size_t usual_body_bytes = 160;  // of an answer that is not an error

void append_number(std::string& out, std::int64_t value) {
  std::array<char, 20> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_field(std::string& out, std::string_view name, std::int64_t value) {
  out += ",\"";
  out += name;
  out += "\":";
  append_number(out, value);
}

void append_id(std::string& out, std::string_view name, const sinks::MessageId& id) {
  std::array<char, 32> digits{};
  id.hex_into(digits);
  out += ",\"";
  out += name;
  out += "\":\"";
  out.append(digits.data(), digits.size());
  out += '"';
}

void append_refused(std::string& out, const Answer& answer) {
  out += ",\"errors\":[";
  bool first = true;
  for (const RefusedMessage& refused : answer.refused) {
    out += first ? "{\"index\":" : ",{\"index\":";
    first = false;
    append_number(out, refused.index);
    out += ",\"code\":";
    append_json_string(out, sinks::to_string(refused.refusal));
    out += ",\"detail\":";
    append_json_string(out, refused.detail);
    out += '}';
  }
  out += ']';
}

// The length of the UTF-8 sequence at the start of `text`, 0 when there is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return 1;
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F) ||
      (lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F))
    return 0;
  return length;
}

int status_of(AnswerCode code) {
  switch (code) {
    case AnswerCode::memory_full:
      return 429;
    case AnswerCode::never_fits:
      return 413;
    case AnswerCode::too_large:
    case AnswerCode::unknown_topic:
    case AnswerCode::invalid:
    case AnswerCode::auth:
    case AnswerCode::key_reused:
      return 422;
    default:
      return 503;
  }
}

Reply error_reply(const Answer& answer, bool batch) {
  const int status = status_of(answer.code);
  std::optional<std::size_t> index;
  if (batch && !answer.refused.empty()) index = answer.refused.front().index;
  Reply reply = problem(status, to_string(answer.code), answer.detail, index);
  if (status == 429 || status == 503)
    reply.retry_after_s = answer.retry_after_s == 0 ? 1 : answer.retry_after_s;
  if (batch && !answer.refused.empty()) {
    reply.body.pop_back();
    append_refused(reply.body, answer);
    reply.body += '}';
  }
  return reply;
}

// A repeat may know only some of the refused ones.
Reply partial_reply(const Answer& answer, std::size_t messages) {
  Reply reply;
  reply.status = answer.buffered > 0 ? 202 : 200;
  reply.rebuf_status = "partial";
  reply.durable = answer.buffered == 0 || answer.durable;
  reply.body = "{\"status\":\"partial\"";
  append_field(reply.body, "delivered", answer.delivered);
  append_field(reply.body, "buffered", answer.buffered);
  append_field(reply.body, "refused",
               static_cast<std::int64_t>(messages) - answer.delivered - answer.buffered);
  append_refused(reply.body, answer);
  reply.body += '}';
  return reply;
}

Reply whole_reply(const Answer& answer, std::size_t messages, bool batch) {
  Reply reply;
  const bool buffered = answer.buffered > 0;
  reply.status = buffered ? 202 : 200;
  reply.rebuf_status = buffered ? "buffered" : "delivered";
  reply.durable = !buffered || answer.durable;
  reply.body.reserve(usual_body_bytes);
  reply.body += buffered ? R"({"status":"buffered")" : R"({"status":"delivered")";
  if (batch) {
    append_field(reply.body, "count", static_cast<std::int64_t>(messages));
    append_id(reply.body, "first_id", answer.first_id);
    append_id(reply.body, "last_id", answer.last_id);
  } else {
    append_id(reply.body, "id", answer.first_id);
  }
  if (buffered) reply.body += answer.durable ? ",\"durable\":true" : ",\"durable\":false";
  if (buffered && answer.delivered > 0) {
    append_field(reply.body, "delivered", answer.delivered);
    append_field(reply.body, "buffered", answer.buffered);
  }
  if (!batch && !buffered && answer.partition >= 0) {
    append_field(reply.body, "partition", answer.partition);
    append_field(reply.body, "offset", answer.offset);
  }
  reply.body += '}';
  return reply;
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  static constexpr std::string_view hex = "0123456789abcdef";
  out += '"';
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto c = static_cast<unsigned char>(text.front());
    if (length == 0) {
      out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      out += {'\\', text.front()};
    } else if (c < 0x20) {
      out += {'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]};
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  out += '"';
}

Reply problem(int status, std::string_view code, std::string_view detail,
              std::optional<std::size_t> index) {
  Reply reply;
  reply.status = status;
  reply.content_type = "application/problem+json";
  reply.body = R"({"type":"about:blank","title":")";
  reply.body += phrase_of(status);
  reply.body += '"';
  append_field(reply.body, "status", status);
  reply.body += ",\"code\":";
  append_json_string(reply.body, code);
  reply.body += ",\"detail\":";
  append_json_string(reply.body, detail);
  if (index) append_field(reply.body, "index", static_cast<std::int64_t>(*index));
  reply.body += '}';
  return reply;
}

Reply problem_for_now(int status, std::string_view code, std::string_view detail,
                      std::uint32_t retry_after_s) {
  Reply reply = problem(status, code, detail);
  reply.retry_after_s = retry_after_s;
  return reply;
}

Reply reply_to(const Answer& answer, std::size_t messages, bool batch) {
  if (answer.code != AnswerCode::ok) return error_reply(answer, batch);
  Reply reply = answer.refused.empty() ? whole_reply(answer, messages, batch)
                                       : partial_reply(answer, messages);
  reply.repeated = answer.repeated;
  return reply;
}

}  // namespace rebuf::daemon::ingest
