// A message as librdkafka takes it. Pure but for produce_record().
#pragma once

#include <cstddef>
#include <cstdint>

#include "sinks/kafka/handles.h"
#include "sinks/message.h"

namespace rebuf::sinks::kafka {

inline constexpr std::size_t batch_header_bytes = 61;  // in Kafka's format v2

// The most that the message takes in a batch of its own, uncompressed, in Kafka's format v2; at
// most about 100 bytes more than it really takes.
[[nodiscard]] std::size_t wire_bytes(const OutMessage& message) noexcept;

// Hands the message to librdkafka without copying the value, which must stay until the report;
// `opaque` comes back with it. With its headers travel rebuf-id and, from the log, rebuf-replayed.
// A time that this host gave and that lies ahead of its clock, `now_ms` since the epoch, becomes
// that.
[[nodiscard]] rd_kafka_resp_err_t produce_record(rd_kafka_t* rk, rd_kafka_topic_t* topic,
                                                 const OutMessage& message, std::int64_t now_ms,
                                                 void* opaque);

}  // namespace rebuf::sinks::kafka
