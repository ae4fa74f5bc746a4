#include "topic.h"

#include "tests/support/topic_reader.h"

namespace rebuf::e2e {

Topic::Topic(test::KafkaCluster& cluster, int partitions)
    : cluster_(cluster), partitions_(partitions), name_(cluster.fresh_topic()) {
  cluster_.create(name_, partitions);
}

std::vector<Arrival> Topic::arrivals() const {
  std::vector<Arrival> all;
  for (test::Stored& stored : test::read_topic_to_mark(cluster_.bootstrap(), name_))
    all.push_back({.stream = stored.partition,
                   .id = Id::parse(stored.headers["rebuf-id"]).value_or(Id{}),
                   .replayed = stored.headers["rebuf-replayed"] == "1",
                   .sent_as = SendingName::parse(stored.headers["sending"]),
                   .value = std::move(stored.value)});
  return all;
}

std::string kafka_sink(const test::KafkaCluster& cluster) {
  return "sinks:\n  kafka: { type: kafka, brokers: [" + cluster.bootstrap() +
         "], librdkafka_options: { debug: eos } }\n";
}

}  // namespace rebuf::e2e
