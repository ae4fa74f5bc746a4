#include "sinks/kafka/partitioner.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "sinks/kafka/channel.h"

namespace rebuf::sinks::kafka {
namespace {

using ByKey = std::int32_t (*)(const rd_kafka_topic_t*, const void*, std::size_t, std::int32_t,
                               void*, void*);

struct Partitioner {
  std::string_view name;
  ByKey by_key;
  // Which messages librdkafka's partitioner of that name leaves to chance.
  enum class ById : std::uint8_t { none, without_key, without_or_empty_key, all } by_id;
};
using ById = Partitioner::ById;

constexpr std::array<Partitioner, 7> partitioners{{
    {"murmur2_random", rd_kafka_msg_partitioner_murmur2, ById::without_key},
    {"murmur2", rd_kafka_msg_partitioner_murmur2, ById::none},
    {"consistent_random", rd_kafka_msg_partitioner_consistent, ById::without_or_empty_key},
    {"consistent", rd_kafka_msg_partitioner_consistent, ById::none},
    {"fnv1a_random", rd_kafka_msg_partitioner_fnv1a, ById::without_key},
    {"fnv1a", rd_kafka_msg_partitioner_fnv1a, ById::none},
    {"random", rd_kafka_msg_partitioner_murmur2, ById::all},
}};

bool goes_by_id(ById rule, const void* key, std::size_t key_bytes) {
  switch (rule) {
    case ById::none:
      return false;
    case ById::without_key:
      return key == nullptr;
    case ById::without_or_empty_key:
      return key_bytes == 0;
    case ById::all:
      return true;
  }
  return false;
}

// None of librdkafka's own looks at the topic.
std::int32_t place(const Partitioner& chosen, const void* key, std::size_t key_bytes,
                   const MessageId& id, std::int32_t partitions) {
  if (!goes_by_id(chosen.by_id, key, key_bytes))
    return chosen.by_key(nullptr, key, key_bytes, partitions, nullptr, nullptr);
  return static_cast<std::int32_t>(id.run() % static_cast<std::uint64_t>(partitions));
}

std::int32_t choose(const rd_kafka_topic_t* /*topic*/, const void* key, std::size_t key_bytes,
                    std::int32_t partitions, void* partitioner, void* opaque) {
  Slot& slot = *static_cast<Slot*>(opaque);
  slot.topic->has_partitions(partitions);
  slot.placed.store(true, std::memory_order_relaxed);
  // One that the topic has not any more is none, and librdkafka refuses it.
  if (slot.partition >= 0) return std::min(slot.partition, partitions);
  return place(*static_cast<const Partitioner*>(partitioner), key, key_bytes, slot.id, partitions);
}

}  // namespace

bool set_partitioner(rd_kafka_topic_conf_t* conf, std::string_view name) {
  const auto* const found = std::ranges::find(partitioners, name, &Partitioner::name);
  if (found == partitioners.end()) return false;
  rd_kafka_topic_conf_set_partitioner_cb(conf, choose);
  // librdkafka hands it back as it was given; it is only read.
  rd_kafka_topic_conf_set_opaque(conf, const_cast<Partitioner*>(found));
  return true;
}

std::int32_t partition_of(std::string_view name, const OutMessage& message,
                          std::int32_t partitions) {
  const auto* const found = std::ranges::find(partitioners, name, &Partitioner::name);
  const std::string_view key = message.key.value_or(std::string_view());
  const char* const bytes = key.empty() ? "" : key.data();
  return place(*found, message.key ? bytes : nullptr, key.size(), message.id, partitions);
}

}  // namespace rebuf::sinks::kafka
