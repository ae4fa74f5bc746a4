// Records and fingerprints as bytes.
#include "daemon/idempotency/key_record.h"

#include <doctest/doctest.h>

#include "clients.h"

namespace rebuf::daemon::idempotency_test {
namespace {

using namespace idempotency;

Answer partial(std::size_t refused_messages) {
  Answer answer = delivered(7);
  answer.delivered = 3;
  answer.buffered = 2;
  answer.durable = true;
  for (std::uint32_t i = 0; i < refused_messages; ++i)
    answer.refused.push_back({i, sinks::Refusal::too_large, "detail " + std::to_string(i)});
  return answer;
}

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

}  // namespace

TEST_CASE("a record comes back as it was") {
  const std::string answer = encode_answer(partial(2));
  const std::string encoded = encode({"order 17", of_body("x"), 1'700'000'000'123, answer});
  const auto record = decode_key_record(bytes_of(encoded));
  REQUIRE(record);
  CHECK(record->key == "order 17");
  CHECK(record->fingerprint == of_body("x"));
  CHECK(record->time_ms == 1'700'000'000'123);
  const auto decoded = decode_answer(record->answer);
  REQUIRE(decoded);
  CHECK(decoded->code == AnswerCode::ok);
  CHECK(decoded->first_id == partial(0).first_id);
  CHECK(decoded->last_id == partial(0).last_id);
  CHECK(decoded->delivered == 3);
  CHECK(decoded->buffered == 2);
  CHECK(decoded->durable);
  CHECK(decoded->partition == 1);
  CHECK(decoded->offset == 7);
  REQUIRE(decoded->refused.size() == 2);
  CHECK(decoded->refused[1].index == 1);
  CHECK(decoded->refused[1].refusal == sinks::Refusal::too_large);
  CHECK(decoded->refused[1].detail == "detail 1");
}

TEST_CASE("an answer without a partition keeps none") {
  const auto decoded = decode_answer(encode_answer(Answer{}));
  REQUIRE(decoded);
  CHECK(decoded->partition == -1);
  CHECK(decoded->offset == -1);
}

TEST_CASE("of many refused messages the first hundred are kept, of a long detail its beginning") {
  Answer answer = partial(5000);
  answer.refused.front().detail = std::string(1000, 'd');
  const std::string encoded = encode_answer(answer);
  CHECK(encoded.size() < 64U << 10);
  const auto decoded = decode_answer(encoded);
  REQUIRE(decoded);
  CHECK(decoded->refused.size() == most_refused_kept);
  CHECK(decoded->refused.front().detail == std::string(longest_detail_kept, 'd'));
}

TEST_CASE("other bytes, and every cut of a record, are no record") {
  const std::string encoded = encode({"key", of_body("x"), 1, encode_answer(partial(2))});
  CHECK(decode_key_record(bytes_of(encoded)));
  for (std::size_t size = 0; size < encoded.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(decode_key_record(bytes_of(encoded).first(size)));
  }
  CHECK_FALSE(decode_key_record(bytes_of(encoded + "x")));
  std::string other_version = encoded;
  other_version[4] = 2;
  CHECK_FALSE(decode_key_record(bytes_of(other_version)));
}

TEST_CASE("a fingerprint tells where one part ends and the next begins") {
  const auto of = [](std::string_view a, std::string_view b) {
    return fingerprint_of(std::array<std::string_view, 2>{a, b});
  };
  CHECK(of("ab", "c") == of("ab", "c"));
  CHECK(of("ab", "c") != of("a", "bc"));
  CHECK(of("", "x") != of("x", ""));
}

}  // namespace rebuf::daemon::idempotency_test
