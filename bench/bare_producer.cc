// librdkafka alone: as fast as it takes messages that are in memory, each with the headers that
// rebufd sends. Prints one line of JSON: messages a second, from the first produce to the last
// acknowledgement, and the median time from produce to acknowledgement.
//   bare_producer BROKERS TOPIC MESSAGES BYTES LINGER_MS MAX_IN_FLIGHT WINDOW
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "bench/bare_kafka.h"

namespace {

struct Reports {
  std::uint64_t acknowledged = 0;
  std::uint64_t failed = 0;
  std::vector<std::int64_t> latencies_us;
  [[nodiscard]] std::uint64_t all() const { return acknowledged + failed; }
};

void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  auto& reports = *static_cast<Reports*>(message->_private);
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? reports.acknowledged : reports.failed);
  reports.latencies_us.push_back(rd_kafka_message_latency(message));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "bare_producer BROKERS TOPIC MESSAGES BYTES LINGER_MS MAX_IN_FLIGHT WINDOW\n");
    return 2;
  }
  rd_kafka_t* producer = rebuf::bench::make_producer(argv[1], argv[5], argv[6], on_delivery);
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  const std::uint64_t messages = std::strtoull(argv[3], nullptr, 10);
  const std::uint64_t window = std::strtoull(argv[7], nullptr, 10);
  const std::string value(std::strtoull(argv[4], nullptr, 10), 'x');
  Reports reports;
  reports.latencies_us.reserve(messages + 1);
  const auto send = [&](std::uint64_t number) {
    const auto error =
        rebuf::bench::produce(producer, topic, value, number, /*replayed=*/true, &reports);
    if (error == RD_KAFKA_RESP_ERR_NO_ERROR) return;
    std::fprintf(stderr, "produce: %s\n", rd_kafka_err2str(error));
    std::exit(1);
  };

  // The first delivery of an idempotent producer takes half a second: not counted.
  send(0);
  while (reports.all() < 1) rd_kafka_poll(producer, 100);
  reports.latencies_us.clear();
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 1; sent <= messages; ++sent) {
    while (sent - reports.all() >= window) rd_kafka_poll(producer, 1);
    send(sent);
    if (sent % 256 == 0) rd_kafka_poll(producer, 0);
  }
  while (reports.all() < messages + 1) rd_kafka_poll(producer, 100);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();

  auto& latencies = reports.latencies_us;
  const auto middle = latencies.begin() + static_cast<std::ptrdiff_t>(latencies.size() / 2);
  std::nth_element(latencies.begin(), middle, latencies.end());
  std::printf("{\"rate\": %.0f, \"p50_ms\": %.3f, \"failed\": %llu}\n",
              static_cast<double>(messages) / seconds, static_cast<double>(*middle) / 1000,
              static_cast<unsigned long long>(reports.failed));
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return reports.failed == 0 ? 0 : 1;
}
