// The least that could empty a backlog into an HTTP endpoint: cpp-httplib clients, one a
// connection, post one message a request from memory, with headers as rebufd sends them. Prints
// messages a second.
//   bare_http_client PORT CONNECTIONS MESSAGES BYTES
#include <httplib.h>

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "bare_http_client PORT CONNECTIONS MESSAGES BYTES\n");
    return 2;
  }
  const int port = std::atoi(argv[1]);
  const std::uint64_t messages = std::strtoull(argv[3], nullptr, 10);
  const std::string value(std::strtoull(argv[4], nullptr, 10), 'x');
  std::atomic<std::uint64_t> next{0};
  std::atomic<std::uint64_t> failed{0};
  const auto post_all = [&] {
    httplib::Client client("127.0.0.1", port);
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    for (std::uint64_t number = next++; number < messages; number = next++) {
      std::string id = std::to_string(number);
      id.insert(0, 32 - id.size(), '0');
      const httplib::Headers headers{{"rebuf-id", id},
                                     {"Idempotency-Key", id},
                                     {"rebuf-replayed", "1"},
                                     {"Rebuf-Topic", "bench"},
                                     {"Rebuf-Timestamp", "1700000000000"}};
      const auto answer = client.Post("/", headers, value, "application/octet-stream");
      if (!answer || answer->status != 200) ++failed;
    }
  };
  const auto begin = std::chrono::steady_clock::now();
  std::vector<std::thread> connections;
  for (int i = std::atoi(argv[2]); i > 0; --i) connections.emplace_back(post_all);
  for (std::thread& connection : connections) connection.join();
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  std::printf("%.0f\n", static_cast<double>(messages) / seconds);
  return failed == 0 ? 0 : 1;
}
