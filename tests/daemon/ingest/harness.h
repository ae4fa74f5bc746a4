// A running IngestServer with a route made for the test, and a client that speaks bytes.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "config/config.h"
#include "daemon/ingest/ingest_server.h"
#include "daemon/memory_budget.h"
#include "daemon/route.h"
#include "sinks/fd.h"

namespace rebuf::daemon::ingest_test {

using namespace std::chrono_literals;
// Until a test gives up waiting for what must happen: for a machine that is busy with other things.
constexpr auto patience = 100s;

struct Taken {  // a message as the route got it
  std::string topic, value;
  std::optional<std::string> key;
  std::multimap<std::string, std::string> headers;
  std::int64_t timestamp_ms = 0, arrival_ms = 0;
};

// Answers at once, from another thread, or when told to.
class FakeRoute final : public Route {
 public:
  enum class Mode { at_once, other_thread, held };
  explicit FakeRoute(const std::string& name = "r");
  ~FakeRoute() override;  // answers what is held

  Mode mode = Mode::at_once;
  config::RouteConfig settings;
  // Makes the answer; the default says that all was delivered.
  std::function<Answer(const Request&)> answer;
  Readiness ready{true, ""};
  bool progress = true;

  const config::RouteConfig& config() const override { return settings; }
  void offer(std::shared_ptr<Request> request) override;
  void offer_all(std::span<const std::shared_ptr<Request>> requests) override;
  RouteSnapshot snapshot() const override { return {}; }
  Readiness readiness() const override { return ready; }
  const RouteHistograms& histograms() const override { return histograms_; }
  bool making_progress() const override { return progress; }

  [[nodiscard]] std::vector<Taken> taken();
  [[nodiscard]] std::vector<std::string> values();
  [[nodiscard]] std::size_t offers();
  // How many requests came with each call of offer_all().
  [[nodiscard]] std::vector<std::size_t> offered_together();
  [[nodiscard]] std::chrono::steady_clock::time_point last_deadline();
  // Waits until `count` requests are held; false when they are not in time.
  bool wait_held(std::size_t count);
  void answer_held();

 private:
  void run();
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Taken> taken_;
  std::size_t offers_ = 0;
  std::vector<std::size_t> together_;
  std::chrono::steady_clock::time_point last_deadline_;
  std::vector<std::shared_ptr<Request>> held_;
  std::vector<std::shared_ptr<Request>> queue_;
  bool ends_ = false;
  RouteHistograms histograms_;
  std::thread worker_;
};

struct Response {
  int status = 0;                              // 0: the connection ended without one
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  [[nodiscard]] std::string header(const std::string& name) const;
};

// One connection. Every wait has a deadline.
class Client {
 public:
  explicit Client(std::uint16_t port);
  explicit Client(const std::string& unix_path);
  [[nodiscard]] bool connected() const { return connected_; }
  bool send(std::string_view bytes);  // false when the other side has gone
  // As many of them as the kernel takes; 0 when it took none for so long.
  std::size_t send_some(std::string_view bytes, std::chrono::milliseconds within);
  void end_sending();
  void reset();  // has the connection end with an RST when it is closed
  [[nodiscard]] Response receive(bool head = false);
  [[nodiscard]] bool receive_exactly(std::string_view text);
  // True when the server ends the connection within the time.
  [[nodiscard]] bool ends(std::chrono::milliseconds within = patience);

  Response request(std::string_view method, std::string_view path, std::string_view body = {},
                   std::string_view headers = {});
  Response post(std::string_view path, std::string_view body, std::string_view headers = {}) {
    return request("POST", path, body, headers);
  }

 private:
  bool fill();  // reads some; false at the end or out of patience
  sinks::Fd fd_;
  bool connected_ = false;
  std::string buffer_;
};

std::string post_text(std::string_view path, std::string_view body, std::string_view headers = {});

// Server with routes; defaults that suit most tests: one route "r", port 0.
struct Harness {
  Harness();
  ~Harness();
  void start();  // with the fields as they are then
  [[nodiscard]] Client connect() const { return Client(port()); }
  [[nodiscard]] std::uint16_t port() const { return server->ports().front(); }

  config::Http http;
  std::uint64_t memory = 64ULL << 20;
  FakeRoute route;
  sinks::Logger log = [](sinks::LogLevel, std::string_view) {};
  HttpCounts counts;                // of `route`
  std::vector<IngestRoute> routes;  // `route` alone, unless a test gives more
  std::unique_ptr<MemoryBudget> budget;
  std::unique_ptr<IngestServer> server;
};

// Waits for what must become true.
bool eventually(const std::function<bool()>& condition,
                std::chrono::milliseconds within = patience);
std::uint64_t seed_of_this_run(const char* test);  // REBUF_TEST_SEED or 1; printed

}  // namespace rebuf::daemon::ingest_test
