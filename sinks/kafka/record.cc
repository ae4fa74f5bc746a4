#include "sinks/kafka/record.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace rebuf::sinks::kafka {
namespace {

constexpr std::string_view id_name = "rebuf-id";
constexpr std::string_view replayed_name = "rebuf-replayed";
// Attributes and five varints of at most 5 bytes stand around key and value, two around each
// header.
constexpr std::size_t record_overhead_bytes = batch_header_bytes + 1 + 25;
constexpr std::size_t header_overhead_bytes = 10;

rd_kafka_headers_t* wire_headers(const OutMessage& message) {
  rd_kafka_headers_t* headers = rd_kafka_headers_new(8);
  const auto add = [headers](std::string_view name, std::string_view value) {
    // Fails only for a read-only list.
    (void)rd_kafka_header_add(headers, name.data(), static_cast<ssize_t>(name.size()),
                              value.empty() ? "" : value.data(),
                              static_cast<ssize_t>(value.size()));
  };
  for (const Header header : message.headers) add(header.name, header.value);
  std::array<char, 32> id{};
  message.id.hex_into(id);
  add(id_name, std::string_view(id.data(), id.size()));
  if (message.replayed) add(replayed_name, "1");
  return headers;
}

// librdkafka takes what it only reads as void*; an absent one is null, an empty one is not.
void set_memory(rd_kafka_vu_t& argument, rd_kafka_vtype_t type, std::string_view bytes) {
  static char nothing;
  argument.vtype = type;
  argument.u.mem.ptr = bytes.empty() ? &nothing : const_cast<char*>(bytes.data());
  argument.u.mem.size = bytes.size();
}

// This host's clock was ahead when it gave a time that it has not reached yet. Brokers refuse what
// is far ahead of theirs.
std::int64_t timestamp_of(const OutMessage& message, std::int64_t now_ms) {
  return message.stamped_here ? std::min(message.timestamp_ms, now_ms) : message.timestamp_ms;
}

}  // namespace

std::size_t wire_bytes(const OutMessage& message) noexcept {
  std::size_t bytes = record_overhead_bytes + message.value.size();
  if (message.key) bytes += message.key->size();
  for (const Header header : message.headers)
    bytes += header_overhead_bytes + header.name.size() + header.value.size();
  bytes += header_overhead_bytes + id_name.size() + 32;
  if (message.replayed) bytes += header_overhead_bytes + replayed_name.size() + 1;
  return bytes;
}

rd_kafka_resp_err_t produce_record(rd_kafka_t* rk, rd_kafka_topic_t* topic,
                                   const OutMessage& message, std::int64_t now_ms, void* opaque) {
  HeadersHandle headers(wire_headers(message));
  // Half a kilobyte, which takes longer to clear than to fill as far as it is used.
  std::array<rd_kafka_vu_t, 7> arguments;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  std::size_t count = 0;
  arguments[count].vtype = RD_KAFKA_VTYPE_RKT;
  arguments[count++].u.rkt = topic;
  arguments[count].vtype = RD_KAFKA_VTYPE_MSGFLAGS;
  arguments[count++].u.i = 0;  // neither copied nor freed
  set_memory(arguments[count++], RD_KAFKA_VTYPE_VALUE, message.value);
  if (message.key) set_memory(arguments[count++], RD_KAFKA_VTYPE_KEY, *message.key);
  arguments[count].vtype = RD_KAFKA_VTYPE_TIMESTAMP;
  arguments[count++].u.i64 = timestamp_of(message, now_ms);
  arguments[count].vtype = RD_KAFKA_VTYPE_OPAQUE;
  arguments[count++].u.ptr = opaque;
  arguments[count].vtype = RD_KAFKA_VTYPE_HEADERS;
  arguments[count++].u.headers = headers.get();
  const ErrorHandle error(rd_kafka_produceva(rk, arguments.data(), count));
  if (error != nullptr) return rd_kafka_error_code(error.get());
  (void)headers.release();  // the message owns them now
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

}  // namespace rebuf::sinks::kafka
