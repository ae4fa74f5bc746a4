// The least that could drain a backlog: librdkafka alone, as fast as it takes messages that are in
// memory, each with the headers that rebufd sends. Prints messages a second, from the first produce
// to the last acknowledgement.
//   bare_producer BROKERS TOPIC MESSAGES BYTES LINGER_MS MAX_IN_FLIGHT WINDOW
#include <librdkafka/rdkafka.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace {

std::uint64_t acknowledged = 0;
std::uint64_t failed = 0;

void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  ++(message->err == RD_KAFKA_RESP_ERR_NO_ERROR ? acknowledged : failed);
}

void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(2);
  }
}

void produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, const std::string& value,
             std::uint64_t number) {
  char id[33];
  std::snprintf(id, sizeof id, "%032llx", static_cast<unsigned long long>(number));
  rd_kafka_headers_t* headers = rd_kafka_headers_new(3);
  rd_kafka_header_add(headers, "content-type", -1, "application/octet-stream", -1);
  rd_kafka_header_add(headers, "rebuf-id", -1, id, 32);
  rd_kafka_header_add(headers, "rebuf-replayed", -1, "1", 1);
  const rd_kafka_resp_err_t error = rd_kafka_producev(
      producer, RD_KAFKA_V_RKT(topic),
      RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
      RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    std::fprintf(stderr, "produce: %s\n", rd_kafka_err2str(error));
    std::exit(1);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 8) {
    std::fprintf(stderr,
                 "bare_producer BROKERS TOPIC MESSAGES BYTES LINGER_MS MAX_IN_FLIGHT WINDOW\n");
    return 2;
  }
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[1]);
  set(conf, "linger.ms", argv[5]);
  set(conf, "max.in.flight.requests.per.connection", argv[6]);
  set(conf, "enable.idempotence", "true");
  set(conf, "acks", "all");
  set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  char error[512];
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    return 2;
  }
  rd_kafka_topic_t* topic = rd_kafka_topic_new(producer, argv[2], nullptr);
  const std::uint64_t messages = std::strtoull(argv[3], nullptr, 10);
  const std::uint64_t window = std::strtoull(argv[7], nullptr, 10);
  const std::string value(std::strtoull(argv[4], nullptr, 10), 'x');

  // The first delivery of an idempotent producer takes half a second: not counted.
  produce(producer, topic, value, 0);
  while (acknowledged + failed < 1) rd_kafka_poll(producer, 100);
  const auto begin = std::chrono::steady_clock::now();
  for (std::uint64_t sent = 1; sent <= messages; ++sent) {
    while (sent - (acknowledged + failed) >= window) rd_kafka_poll(producer, 1);
    produce(producer, topic, value, sent);
    if (sent % 256 == 0) rd_kafka_poll(producer, 0);
  }
  while (acknowledged + failed < messages + 1) rd_kafka_poll(producer, 100);
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (failed > 0) std::fprintf(stderr, "%llu failed\n", static_cast<unsigned long long>(failed));
  std::printf("%.0f\n", static_cast<double>(messages) / seconds);
  rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(producer);
  return failed == 0 ? 0 : 1;
}
