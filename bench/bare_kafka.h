// A producer as the bare programs use it: idempotent, acks=all, reports through a callback, and
// everything else as librdkafka has it. What goes wrong ends the program.
#pragma once

#include <librdkafka/rdkafka.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace rebuf::bench {

using DeliveryCallback = void (*)(rd_kafka_t*, const rd_kafka_message_t*, void*);

rd_kafka_t* make_producer(const std::string& brokers, const std::string& linger_ms,
                          const std::string& max_in_flight, DeliveryCallback on_delivery);

// Produces a copy of `value` with the headers that rebufd sends, rebuf-id made from `number`.
// `replayed`: with that header too.
rd_kafka_resp_err_t produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, std::string_view value,
                            std::uint64_t number, bool replayed, void* opaque);

}  // namespace rebuf::bench
