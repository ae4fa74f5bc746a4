// The least that could do rebufd's healthy path: libmicrohttpd hands each body to librdkafka, and
// the answer goes out when Kafka acknowledged it. No log, no route, no limits: an outage loses what
// is here. bench/run measures rebufd against it.
//   bare_http_kafka PORT BROKERS TOPIC LINGER_MS MAX_IN_FLIGHT
#include <librdkafka/rdkafka.h>
#include <microhttpd.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

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

// The headers that rebufd sends with a message.
void produce(Server& server, Exchange& exchange) {
  char id[33];
  std::snprintf(id, sizeof id, "%032llx",
                static_cast<unsigned long long>(server.count.fetch_add(1) + 1));
  rd_kafka_headers_t* headers = rd_kafka_headers_new(2);
  rd_kafka_header_add(headers, "content-type", -1, "application/octet-stream", -1);
  rd_kafka_header_add(headers, "rebuf-id", -1, id, 32);
  exchange.submitted = true;
  MHD_suspend_connection(exchange.connection);
  const rd_kafka_resp_err_t error =
      rd_kafka_producev(server.producer, RD_KAFKA_V_RKT(server.topic),
                        RD_KAFKA_V_VALUE(exchange.body.data(), exchange.body.size()),
                        RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY), RD_KAFKA_V_HEADERS(headers),
                        RD_KAFKA_V_OPAQUE(&exchange), RD_KAFKA_V_END);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    rd_kafka_headers_destroy(headers);
    MHD_resume_connection(exchange.connection);
  }
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

void set(rd_kafka_conf_t* conf, const char* name, const char* value) {
  char error[512];
  if (rd_kafka_conf_set(conf, name, value, error, sizeof error) != RD_KAFKA_CONF_OK) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(2);
  }
}

rd_kafka_t* make_producer(char** argv) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  set(conf, "bootstrap.servers", argv[2]);
  set(conf, "linger.ms", argv[4]);
  set(conf, "max.in.flight.requests.per.connection", argv[5]);
  set(conf, "enable.idempotence", "true");
  set(conf, "acks", "all");
  set(conf, "compression.type", "none");
  rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
  char error[512];
  rd_kafka_t* producer = rd_kafka_new(RD_KAFKA_PRODUCER, conf, error, sizeof error);
  if (producer == nullptr) {
    std::fprintf(stderr, "%s\n", error);
    std::exit(2);
  }
  return producer;
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
  server.producer = make_producer(argv);
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
