// The least that could do rebufd's healthy path: libmicrohttpd hands each body to librdkafka, and
// the answer goes out when Kafka acknowledged it. No log, no route, no limits: an outage loses what
// is here. bench/run measures rebufd against it.
//   bare_http_kafka PORT BROKERS TOPIC LINGER_MS MAX_IN_FLIGHT
#include <microhttpd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "bench/bare_kafka.h"

namespace {

constexpr unsigned threads = 2;  // libmicrohttpd's pool, as rebufd's default
constexpr unsigned most_connections = 4096;
constexpr unsigned connection_memory = 8U << 10;

struct Server {
  rd_kafka_t* producer = nullptr;
  rd_kafka_topic_t* topic = nullptr;
  std::atomic<std::uint64_t> count{0};
};

struct Exchange {
  MHD_Connection* connection = nullptr;
  std::string body;
  bool delivered = false;
  bool submitted = false;
  std::int64_t offset = 0;
};

void on_delivery(rd_kafka_t* /*producer*/, const rd_kafka_message_t* message, void* /*opaque*/) {
  auto* exchange = static_cast<Exchange*>(message->_private);
  exchange->delivered = message->err == RD_KAFKA_RESP_ERR_NO_ERROR;
  exchange->offset = message->offset;
  MHD_resume_connection(exchange->connection);
}

void produce(Server& server, Exchange& exchange) {
  exchange.submitted = true;
  MHD_suspend_connection(exchange.connection);
  if (rebuf::bench::produce(server.producer, server.topic, exchange.body,
                            server.count.fetch_add(1) + 1, /*replayed=*/false,
                            &exchange) != RD_KAFKA_RESP_ERR_NO_ERROR)
    MHD_resume_connection(exchange.connection);
}

MHD_Result reply(const Exchange& exchange) {
  const std::string text =
      R"({"status":"delivered","offset":)" + std::to_string(exchange.offset) + "}";
  MHD_Response* response = MHD_create_response_from_buffer(
      text.size(), const_cast<char*>(text.data()), MHD_RESPMEM_MUST_COPY);
  MHD_add_response_header(response, "Content-Type", "application/json");
  const MHD_Result result =
      MHD_queue_response(exchange.connection, exchange.delivered ? 200U : 503U, response);
  MHD_destroy_response(response);
  return result;
}

MHD_Result on_request(void* opaque, MHD_Connection* connection, const char* /*url*/,
                      const char* /*method*/, const char* /*version*/, const char* upload,
                      std::size_t* upload_bytes, void** state) {
  if (*state == nullptr) {
    auto* exchange = new Exchange;
    exchange->connection = connection;
    *state = exchange;
    return MHD_YES;
  }
  auto& exchange = *static_cast<Exchange*>(*state);
  if (*upload_bytes > 0) {
    exchange.body.append(upload, *upload_bytes);
    *upload_bytes = 0;
    return MHD_YES;
  }
  if (exchange.submitted) return reply(exchange);
  produce(*static_cast<Server*>(opaque), exchange);
  return MHD_YES;
}

void on_completed(void* /*opaque*/, MHD_Connection* /*connection*/, void** state,
                  MHD_RequestTerminationCode /*code*/) {
  delete static_cast<Exchange*>(*state);
  *state = nullptr;
}

std::atomic<bool> stop{false};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 6) {
    std::fprintf(stderr, "bare_http_kafka PORT BROKERS TOPIC LINGER_MS MAX_IN_FLIGHT\n");
    return 2;
  }
  std::signal(SIGTERM, [](int) { stop = true; });
  Server server;
  server.producer = rebuf::bench::make_producer(argv[2], argv[4], argv[5], on_delivery);
  server.topic = rd_kafka_topic_new(server.producer, argv[3], nullptr);
  MHD_Daemon* http = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME,
      static_cast<std::uint16_t>(std::atoi(argv[1])), nullptr, nullptr, on_request, &server,
      MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_CONNECTION_LIMIT, most_connections,
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, std::size_t{connection_memory},
      MHD_OPTION_NOTIFY_COMPLETED, on_completed, nullptr, MHD_OPTION_END);
  if (http == nullptr) {
    std::perror("MHD_start_daemon");
    return 1;
  }
  while (!stop) rd_kafka_poll(server.producer, 100);
  std::_Exit(0);  // connections may be suspended, and nothing here is worth an orderly end
}
