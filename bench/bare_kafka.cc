#include "bench/bare_kafka.h"

#include <array>
#include <cstdio>
#include <cstdlib>

namespace rebuf::bench {
namespace {

void set(rd_kafka_conf_t* conf, const char* name, const std::string& value) {
  std::array<char, 512> error{};
  if (rd_kafka_conf_set(conf, name, value.c_str(), error.data(), error.size()) !=
      RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "%s\n", error.data());
    std::exit(2);
  }
}

}  // namespace

rd_kafka_t* make_producer(const std::string& brokers, const std::string& linger_ms,
                          const std::string& max_in_flight, DeliveryCallback on_delivery) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", brokers);
  set(conf, "linger.ms", linger_ms);
  set(conf, "max.in.flight.requests.per.connection", max_in_flight);
  set(conf, "enable.idempotence", "true");
  set(conf, "acks", "all");
  set(conf, "queue.buffering.max.messages", "1000000");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  std::array<char, 512> error{};
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error.data(), error.size());
  if (producer == nullptr) {
    std::fprintf(stderr, "%s\n", error.data());
    std::exit(2);
  }
  return producer;
}

rd_kafka_resp_err_t produce(rd_kafka_t* producer, rd_kafka_topic_t* topic, std::string_view value,
                            std::uint64_t number, bool replayed, void* opaque) {
  std::array<char, 33> id{};
  std::snprintf(id.data(), id.size(), "%032llx", static_cast<unsigned long long>(number));
  rd_kafka_headers_t* headers = rd_kafka_headers_new(3);
  rd_kafka_header_add(headers, "content-type", -1, "application/octet-stream", -1);
  rd_kafka_header_add(headers, "rebuf-id", -1, id.data(), 32);
  if (replayed) rd_kafka_header_add(headers, "rebuf-replayed", -1, "1", 1);
  const rd_kafka_resp_err_t error =
      rd_kafka_producev(producer, RD_KAFKA_V_RKT(topic),
                        RD_KAFKA_V_VALUE(const_cast<char*>(value.data()), value.size()),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
                        RD_KAFKA_V_OPAQUE(opaque), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) rd_kafka_headers_destroy(headers);
  return error;
}

}  // namespace rebuf::bench
