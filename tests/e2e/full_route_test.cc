// Two routes of one rebufd: `stuck`, whose endpoint is away until its log is full, and `free`.
#include <doctest/doctest.h>

#include <algorithm>
#include <future>
#include <set>

#include "client.h"
#include "daemon.h"
#include "endpoint.h"

namespace rebuf::e2e {
namespace {

constexpr std::size_t clients = 4;
constexpr std::size_t lines_a_request = 7;
constexpr std::size_t line_bytes = 400;
// Of `stuck`: three times what its log holds.
constexpr std::size_t requests_a_client =
    3 * (std::size_t{1} << 20U) / (clients * lines_a_request * line_bytes);

std::string sink(const std::string& name, const Endpoint& endpoint) {
  return "  " + name +
         ":\n    type: http\n    url: http://127.0.0.1:" + std::to_string(endpoint.port()) +
         "/in\n    retry: { min: 50ms, max: 200ms }\n";
}

std::string route(const std::string& name, const std::string& buffer_line) {
  return "  " + name + ":\n    sink: " + name +
         "\n    spill_after: 20s\n    drain: { jitter: 0s }\n"
         "    window: { max_messages: 200, max_bytes: 128KiB }\n"
         "    buffer: { segment_size: 64KiB, max_bytes: 1MiB, " +
         buffer_line + " }\n";
}

struct Run {
  explicit Run(const std::string& on_full)
      : daemon(scratch.path(), "limits: { keep_free: 0 }\nsinks:\n" + sink("stuck", stuck_end) +
                                   sink("free", free_end) + "routes:\n" +
                                   route("stuck", "on_full: " + on_full) +
                                   route("free", "on_full: reject")) {
    free_end.open();
    daemon.start();
    wait_for_state("free", "direct");
  }
  void wait_for_state(const std::string& name, const std::string& state) const {
    daemon.wait_until(name + " " + state,
                      [&](const Metrics& now) { return now.state(name) == state; });
  }
  // From several clients at once: the answers of all.
  std::vector<Reply> fill() {
    const auto post_all = [&](std::size_t client_number) {
      Client client(daemon.port(), "/ingest/stuck");
      std::vector<Reply> replies;
      for (std::size_t i = 0; i < requests_a_client; ++i)
        replies.push_back(client.post_lines(std::vector(
            lines_a_request, std::to_string(client_number) + std::string(line_bytes, '-'))));
      return replies;
    };
    std::vector<std::future<std::vector<Reply>>> posts;
    for (std::size_t i = 0; i < clients; ++i)
      posts.push_back(std::async(std::launch::async, post_all, i));
    std::vector<Reply> all;
    for (auto& replies : posts)
      for (Reply& reply : replies.get()) all.push_back(std::move(reply));
    return all;
  }
  // `free` takes what comes, straight and in an outage of its own, and drains.
  void free_works() {
    Client client(daemon.port(), "/ingest/free");
    std::vector<std::string> posted;
    const auto post = [&](int count, int status) {
      for (int i = 0; i < count; ++i) {
        posted.push_back(std::to_string(posted.size()));
        CHECK(client.post(posted.back()).status == status);
      }
    };
    post(100, 200);
    free_end.close();
    post(100, 202);
    free_end.open();
    daemon.wait_until_drained("free");
    wait_for_state("free", "direct");
    post(10, 200);
    std::vector<std::string> arrived;
    for (const Arrival& arrival : free_end.arrivals()) arrived.push_back(arrival.value);
    CHECK(arrived == posted);
    const Metrics now = daemon.metrics();
    CHECK(now.count("rebufd_messages_accepted_total", "free") == 210);
    CHECK(now.count("rebufd_messages_delivered_total", "free") == 210);
    CHECK(now.imbalance("free").empty());
  }
  // The endpoint of `stuck` comes; how many messages of each request arrive is 0 or all. The number
  // of messages that do not.
  std::int64_t drain(const std::vector<Reply>& replies) {
    stuck_end.open();
    daemon.wait_until_drained("stuck");
    std::set<Id> arrived;
    const std::vector<Arrival> arrivals = stuck_end.arrivals();
    for (const Arrival& arrival : arrivals) arrived.insert(arrival.id);
    CHECK(arrived.size() == arrivals.size());
    CHECK(std::ranges::is_sorted(arrivals, {}, &Arrival::id));
    std::int64_t missing = 0;
    for (const Reply& reply : replies) {
      if (!reply.taken()) continue;
      std::size_t here = 0;
      for (std::size_t i = 0; i < lines_a_request; ++i)
        here += arrived.contains(reply.first_id.plus(i)) ? 1 : 0;
      CHECK((here == 0 || here == lines_a_request));
      missing += static_cast<std::int64_t>(lines_a_request - here);
    }
    return missing;
  }

  const test::TemporaryDirectory scratch;
  Endpoint stuck_end;
  Endpoint free_end;
  Daemon daemon;
};

std::int64_t messages_taken(const std::vector<Reply>& replies) {
  return static_cast<std::int64_t>(lines_a_request) *
         std::ranges::count_if(replies, [](const Reply& reply) { return reply.taken(); });
}

TEST_CASE("a route that is full and rejects does no harm to another one of the same rebufd") {
  Run run("reject");
  const std::vector<Reply> replies = run.fill();
  run.wait_for_state("stuck", "full");
  std::size_t refused = 0;
  for (const Reply& reply : replies) {
    if (reply.taken()) continue;
    ++refused;
    CHECK(reply.status == 503);
    CHECK(reply.state == "buffer_full");
    CHECK(reply.retry_after);
  }
  CHECK(refused > 0);
  run.free_works();
  CHECK(run.drain(replies) == 0);
  const Metrics end = run.daemon.metrics();
  CHECK(end.count("rebufd_messages_accepted_total", "stuck") == messages_taken(replies));
  CHECK(end.count("rebufd_messages_delivered_total", "stuck") == messages_taken(replies));
  CHECK(end.count("rebufd_messages_dropped_total", "stuck") == 0);
}

TEST_CASE("drop_oldest drops whole requests, counts them, and does no harm to another route") {
  Run run("drop_oldest");
  const std::vector<Reply> replies = run.fill();
  for (const Reply& reply : replies) CHECK(reply.status == 202);
  run.free_works();
  const std::int64_t missing = run.drain(replies);
  CHECK(missing > 0);
  const Metrics end = run.daemon.metrics();
  CHECK(end.count("rebufd_messages_dropped_total", "stuck", {{"reason", "full"}}) == missing);
  CHECK(end.count("rebufd_messages_accepted_total", "stuck") == messages_taken(replies));
  CHECK(end.count("rebufd_messages_delivered_total", "stuck") == messages_taken(replies) - missing);
  CHECK(end.imbalance("stuck").empty());
}

}  // namespace
}  // namespace rebuf::e2e
