#include "daemon/idempotency/key_record.h"

#include <algorithm>
#include <cstring>

#include "daemon/route.h"

namespace rebuf::daemon::idempotency {
namespace {

constexpr std::string_view record_start("\xF5rbi\x01", 5);
constexpr std::size_t record_head_bytes = 32;
constexpr std::size_t answer_head_bytes = 55;

void append_number(std::string& out, std::uint64_t value, std::size_t bytes) {
  for (std::size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
}

// Takes fields off the front; ok() is false as soon as one was not there.
class Fields {
 public:
  explicit Fields(std::string_view bytes) : left_(bytes) {}

  std::string_view bytes(std::size_t count) {
    ok_ = ok_ && count <= left_.size();
    if (!ok_) return {};
    const std::string_view taken = left_.substr(0, count);
    left_.remove_prefix(count);
    return taken;
  }
  std::uint64_t number(std::size_t count) {
    std::uint64_t value = 0;
    for (const char c : bytes(count)) value = value << 8U | static_cast<unsigned char>(c);
    return value;
  }
  template <std::size_t N>
  void copy_into(std::array<std::uint8_t, N>& to) {
    const std::string_view from = bytes(N);
    if (ok_) std::memcpy(to.data(), from.data(), N);
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::string_view left() const { return left_; }

 private:
  std::string_view left_;
  bool ok_ = true;
};

std::string_view text_of(const std::array<std::uint8_t, 16>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

std::string encode(const KeyRecord& record) {
  std::string out;
  out.reserve(record_head_bytes + record.key.size() + record.answer.size());
  out += record_start;
  append_number(out, record.key.size(), 1);
  append_number(out, 0, 2);
  append_number(out, static_cast<std::uint64_t>(record.time_ms), 8);
  out.append(text_of(record.fingerprint)).append(record.key).append(record.answer);
  return out;
}

std::optional<KeyRecord> decode_key_record(std::span<const std::byte> data) {
  Fields fields({reinterpret_cast<const char*>(data.data()), data.size()});
  if (fields.bytes(record_start.size()) != record_start) return std::nullopt;
  KeyRecord record;
  const std::uint64_t key_bytes = fields.number(1);
  static_cast<void>(fields.bytes(2));
  record.time_ms = static_cast<std::int64_t>(fields.number(8));
  fields.copy_into(record.fingerprint);
  record.key = fields.bytes(key_bytes);
  record.answer = fields.left();
  if (!fields.ok() || record.key.empty() || !decode_answer(record.answer)) return std::nullopt;
  return record;
}

std::string encode_answer(const Answer& answer) {
  std::string out;
  out.reserve(answer_head_bytes);
  out.append(text_of(answer.first_id.bytes)).append(text_of(answer.last_id.bytes));
  append_number(out, answer.delivered, 4);
  append_number(out, answer.buffered, 4);
  append_number(out, static_cast<std::uint32_t>(answer.partition), 4);
  append_number(out, static_cast<std::uint64_t>(answer.offset), 8);
  append_number(out, answer.durable ? 1 : 0, 1);
  const std::size_t refused = std::min(answer.refused.size(), most_refused_kept);
  append_number(out, refused, 2);
  for (std::size_t i = 0; i < refused; ++i) {
    const RefusedMessage& message = answer.refused[i];
    const std::string_view detail = std::string_view(message.detail).substr(0, longest_detail_kept);
    append_number(out, message.index, 4);
    append_number(out, static_cast<std::uint64_t>(message.refusal), 1);
    append_number(out, detail.size(), 1);
    out += detail;
  }
  return out;
}

std::optional<Answer> decode_answer(std::string_view bytes) {
  Fields fields(bytes);
  Answer answer;
  fields.copy_into(answer.first_id.bytes);
  fields.copy_into(answer.last_id.bytes);
  answer.delivered = static_cast<std::uint32_t>(fields.number(4));
  answer.buffered = static_cast<std::uint32_t>(fields.number(4));
  answer.partition = static_cast<std::int32_t>(fields.number(4));
  answer.offset = static_cast<std::int64_t>(fields.number(8));
  answer.durable = (fields.number(1) & 1U) != 0;
  const std::uint64_t refused = fields.number(2);
  for (std::uint64_t i = 0; i < refused && fields.ok(); ++i) {
    RefusedMessage& message = answer.refused.emplace_back();
    message.index = static_cast<std::uint32_t>(fields.number(4));
    const std::uint64_t refusal = fields.number(1);
    if (refusal >= refusals) return std::nullopt;
    message.refusal = static_cast<sinks::Refusal>(refusal);
    message.detail = fields.bytes(fields.number(1));
  }
  if (!fields.ok() || !fields.left().empty()) return std::nullopt;
  return answer;
}

}  // namespace rebuf::daemon::idempotency
