// What librdkafka's errors mean here. Pure functions.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string_view>

#include "sinks/sink.h"

namespace rebuf::sinks::kafka {

// The refusal for an error that is about one message and no other: `none` when it is about the
// sink, or a consequence of another message's failure.
[[nodiscard]] Refusal message_refusal(rd_kafka_resp_err_t error) noexcept;

// Whether the broker says that there is no such topic, or no longer such a partition.
[[nodiscard]] bool topic_missing(rd_kafka_resp_err_t error) noexcept;
[[nodiscard]] bool not_authorized(rd_kafka_resp_err_t error) noexcept;

// Whether the broker acknowledged the message: then it named the offset of its batch, `first` of
// which is told, and librdkafka counted the others' from there. A report of success without one is
// what librdkafka concluded from the acknowledgement of a later batch. Version 2.0.2 counts a
// request that failed as over before it puts its messages back; when the partition has got another
// leader meanwhile, what is behind them may be sent in between, and be taken.
[[nodiscard]] bool acknowledged(const rd_kafka_message_t& message,
                                const rd_kafka_message_t& first) noexcept;

// Whether a failed message only shares the fate of its producer (purged, fatal elsewhere).
[[nodiscard]] bool consequence(rd_kafka_resp_err_t error) noexcept;

// Whether a broker's error is that this process got no descriptor. librdkafka has no code for it.
[[nodiscard]] bool no_descriptor(std::string_view text) noexcept;

// Whether a line of librdkafka's log says that a topic has fewer partitions than before; nothing
// else tells.
[[nodiscard]] bool tells_of_fewer_partitions(std::string_view line) noexcept;

// Health::error_class: connect, timeout, auth, tls, topic, clock, other.
[[nodiscard]] std::string_view error_class(rd_kafka_resp_err_t error) noexcept;

}  // namespace rebuf::sinks::kafka
