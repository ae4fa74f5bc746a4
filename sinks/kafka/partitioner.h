// Which partition of its topic a message goes to. One with a key: the one that the key's hash
// names. One without, where librdkafka would leave it to chance: the run of its id goes there, and
// the next run to the next partition. So all copies of a message lie in one partition, behind the
// same messages, whoever sends them again. Whether a partition has a leader changes nothing: its
// messages wait for one.
#pragma once

#include <cstdint>
#include <string_view>

#include "sinks/kafka/handles.h"
#include "sinks/message.h"

namespace rebuf::sinks::kafka {

// For topics whose messages each have a Slot as their opaque. False: there is no partitioner of
// that name. The names are librdkafka's.
[[nodiscard]] bool set_partitioner(rd_kafka_topic_conf_t* conf, std::string_view name);

// Which one of so many it chooses for the message. `name`: of a partitioner that there is.
[[nodiscard]] std::int32_t partition_of(std::string_view name, const OutMessage& message,
                                        std::int32_t partitions);

}  // namespace rebuf::sinks::kafka
