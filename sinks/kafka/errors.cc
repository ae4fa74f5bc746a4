#include "sinks/kafka/errors.h"

#include <charconv>
#include <system_error>

namespace rebuf::sinks::kafka {

Refusal message_refusal(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE:
    case RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE:
      return Refusal::too_large;
    case RD_KAFKA_RESP_ERR_INVALID_MSG:
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
    case RD_KAFKA_RESP_ERR_INVALID_RECORD:
    case RD_KAFKA_RESP_ERR_POLICY_VIOLATION:
      return Refusal::invalid;
    default:
      return Refusal::none;
  }
}

bool topic_missing(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
      return true;
    default:
      return false;
  }
}

bool not_authorized(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
      return true;
    default:
      return false;
  }
}

bool acknowledged(const rd_kafka_message_t& message, const rd_kafka_message_t& first) noexcept {
  return message.err == RD_KAFKA_RESP_ERR_NO_ERROR && first.offset >= 0;
}

bool consequence(rd_kafka_resp_err_t error) noexcept {
  switch (error) {
    case RD_KAFKA_RESP_ERR__PURGE_QUEUE:
    case RD_KAFKA_RESP_ERR__PURGE_INFLIGHT:
    case RD_KAFKA_RESP_ERR__FATAL:
    case RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE:
    case RD_KAFKA_RESP_ERR__DESTROY:
      return true;
    default:
      return false;
  }
}

bool no_descriptor(std::string_view text) noexcept {
  constexpr std::string_view begin = "Too many open files";  // of EMFILE, and of ENFILE
  return text.find(begin) != std::string_view::npos;
}

bool tells_of_fewer_partitions(std::string_view line) noexcept {
  constexpr std::string_view begin = "partition count changed from ";
  constexpr std::string_view between = " to ";
  const std::size_t at = line.find(begin);
  if (at == std::string_view::npos) return false;
  int before = 0;
  int after = 0;
  const char* const end = line.data() + line.size();
  const char* const next = std::from_chars(line.data() + at + begin.size(), end, before).ptr;
  if (!std::string_view(next, end).starts_with(between)) return false;
  return std::from_chars(next + between.size(), end, after).ec == std::errc() && after < before;
}

std::string_view error_class(rd_kafka_resp_err_t error) noexcept {
  if (not_authorized(error)) return "auth";
  if (topic_missing(error)) return "topic";
  switch (error) {
    case RD_KAFKA_RESP_ERR__SSL:
      return "tls";
    case RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
      return "clock";
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
      return "connect";
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE:
    case RD_KAFKA_RESP_ERR__MSG_TIMED_OUT:
    case RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT:
      return "timeout";
    default:
      return "other";
  }
}

}  // namespace rebuf::sinks::kafka
