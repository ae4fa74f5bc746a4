// Reads a whole topic and compares it with what a numbered_load was answered for. Prints one line
// of JSON: what is stored; lost: accepted and not there; copies: there more than once;
// out_of_order: accepted later than one of its connection that stands before it, looked at within
// each partition and at first deliveries only; and how many were stored in each 100 ms from
// BEGIN_MS (since the epoch) on, by the broker's clock.
//   topic_audit BROKERS TOPIC LEDGER BEGIN_MS
#include <librdkafka/rdkafka.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include "bench/numbered.h"

namespace {

using rebuf::bench::Numbered;

struct Stored {
  std::int64_t at_ms;
  std::int32_t partition;
  Numbered message;
};

class Audit {
 public:
  explicit Audit(const char* ledger) {
    std::ifstream lines(ledger);
    for (std::uint32_t connection = 0, first = 0, count = 0; lines >> connection >> first >> count;)
      for (std::uint32_t number = first; number < first + count; ++number)
        seen(connection, number).accepted = true;
  }

  // In the order of their arrival.
  void stored(const Stored& it) {
    ++stored_;
    Seen& now = seen(it.message.connection, it.message.number);
    if (now.stored) {
      ++copies_;
      return;
    }
    now.stored = true;
    if (!now.accepted) return;
    std::int64_t& highest =
        highest_.try_emplace({it.partition, it.message.connection}, -1).first->second;
    if (it.message.number < highest) ++out_of_order_;
    highest = std::max<std::int64_t>(highest, it.message.number);
  }

  void print(const std::vector<std::uint64_t>& per_100ms) const {
    std::uint64_t lost = 0;
    for (const auto& connection : seen_)
      lost += static_cast<std::uint64_t>(std::count_if(
          connection.begin(), connection.end(), [](Seen it) { return it.accepted && !it.stored; }));
    std::string slices;
    for (const std::uint64_t slice : per_100ms)
      slices += (slices.empty() ? "" : ", ") + std::to_string(slice);
    std::printf(
        "{\"stored\": %llu, \"lost\": %llu, \"copies\": %llu, \"out_of_order\": %llu, "
        "\"stored_per_100ms\": [%s]}\n",
        static_cast<unsigned long long>(stored_), static_cast<unsigned long long>(lost),
        static_cast<unsigned long long>(copies_), static_cast<unsigned long long>(out_of_order_),
        slices.c_str());
  }

 private:
  struct Seen {
    bool accepted = false, stored = false;
  };

  Seen& seen(std::uint32_t connection, std::uint32_t number) {
    if (connection >= seen_.size()) seen_.resize(connection + 1);
    auto& numbers = seen_[connection];
    if (number >= numbers.size()) numbers.resize(number + 1);
    return numbers[number];
  }

  std::vector<std::vector<Seen>> seen_;
  std::map<std::pair<std::int32_t, std::uint32_t>, std::int64_t> highest_;
  std::uint64_t stored_ = 0, copies_ = 0, out_of_order_ = 0;
};

std::vector<std::uint64_t> per_100ms(const std::vector<Stored>& all, std::int64_t begin_ms) {
  std::vector<std::uint64_t> slices;
  for (const Stored& it : all) {
    const auto slice =
        static_cast<std::size_t>(std::max<std::int64_t>(it.at_ms - begin_ms, 0) / 100);
    if (slice >= slices.size()) slices.resize(slice + 1);
    ++slices[slice];
  }
  return slices;
}

rd_kafka_t* make_consumer(const char* brokers) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  std::array<char, 512> error{};
  rd_kafka_conf_set(conf, "bootstrap.servers", brokers, error.data(), error.size());
  rd_kafka_conf_set(conf, "enable.partition.eof", "true", error.data(), error.size());
  rd_kafka_t* consumer = rd_kafka_new(RD_KAFKA_CONSUMER, conf, error.data(), error.size());
  if (consumer == nullptr) {
    std::fprintf(stderr, "%s\n", error.data());
    std::exit(2);
  }
  return consumer;
}

// Has `on_message` for every message of the topic, each partition in order.
template <typename OnMessage>
void read_all(rd_kafka_t* consumer, const char* name, OnMessage on_message) {
  rd_kafka_topic_t* topic = rd_kafka_topic_new(consumer, name, nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  if (rd_kafka_metadata(consumer, 0, topic, &metadata, 10'000) != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "no metadata of %s\n", name);
    std::exit(1);
  }
  const int partitions = metadata->topics[0].partition_cnt;
  rd_kafka_metadata_destroy(metadata);
  rd_kafka_queue_t* queue = rd_kafka_queue_new(consumer);
  for (int i = 0; i < partitions; ++i)
    rd_kafka_consume_start_queue(topic, i, RD_KAFKA_OFFSET_BEGINNING, queue);
  for (int ended = 0; ended < partitions;) {
    rd_kafka_message_t* message = rd_kafka_consume_queue(queue, 10'000);
    if (message == nullptr) {
      std::fprintf(stderr, "%s cannot be read\n", name);
      std::exit(1);
    }
    if (message->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
      ++ended;
    else if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR)
      on_message(*message);
    rd_kafka_message_destroy(message);
  }
  for (int i = 0; i < partitions; ++i) rd_kafka_consume_stop(topic, i);
  rd_kafka_queue_destroy(queue);
  rd_kafka_topic_destroy(topic);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "topic_audit BROKERS TOPIC LEDGER BEGIN_MS\n");
    return 2;
  }
  std::vector<Stored> all;
  rd_kafka_t* consumer = make_consumer(argv[1]);
  read_all(consumer, argv[2], [&](const rd_kafka_message_t& message) {
    const auto numbered =
        rebuf::bench::find_numbered({static_cast<const char*>(message.payload), message.len});
    if (numbered)  // else a warming
      all.push_back({rd_kafka_message_timestamp(&message, nullptr), message.partition, *numbered});
  });
  rd_kafka_destroy(consumer);
  std::stable_sort(all.begin(), all.end(),
                   [](const Stored& a, const Stored& b) { return a.at_ms < b.at_ms; });
  Audit audit(argv[3]);
  for (const Stored& it : all) audit.stored(it);
  audit.print(per_100ms(all, std::atoll(argv[4])));
  return 0;
}
