// Which runs a route's ids are of (sinks/message.h), and so which partitions of Kafka what has no
// key goes to.
#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "tests/daemon/route/fake_sink.h"
#include "tests/daemon/route/live_harness.h"

namespace rebuf::daemon {
namespace {

// The runs of the first and the last id of each request that is answered, one behind the other.
using Runs = std::vector<std::pair<std::uint64_t, std::uint64_t>>;
Runs runs_of(bool sink_keeps_them, bool patient,
             const std::vector<std::vector<std::string>>& requests) {
  const test::TemporaryDirectory directory;
  FakeSink sink;
  sink.keeps_runs = sink_keeps_them;
  const auto route = open_route(live_settings(directory));
  route->start(sink);
  REQUIRE(in_state(*route, RouteState::direct));  // before it the log takes them, patient or not
  Runs runs;
  for (const auto& values : requests) {
    const auto client = make_client(values);
    client->patient = patient;
    route->offer(client);
    const Answer answer = client->answer();
    runs.emplace_back(answer.first_id.run(), answer.last_id.run());
  }
  CHECK(sink.patient_count() == (patient ? sink.taken_count() : 0));
  return runs;
}

std::uint64_t different(const Runs& runs) {
  std::set<std::uint64_t> all;
  for (const auto& [first, last] : runs) all.insert({first, last});
  return all.size();
}

}  // namespace

TEST_CASE("small requests share a run, few if they are in a hurry, and if the sink cares") {
  const std::vector small(50, std::vector<std::string>(3, "x"));
  const Runs hurried = runs_of(true, false, small);
  CHECK(std::ranges::all_of(hurried, [](const auto& run) { return run.first == run.second; }));
  CHECK(different(hurried) == 25);                    // two of them have six messages, of eight
  CHECK(different(runs_of(true, true, small)) == 2);  // 42 of them have 126, of 128
  CHECK(different(runs_of(false, false, small)) == 1);
}

TEST_CASE("a large request has a run of its own, as much as one request to Kafka carries") {
  const std::vector many(20, std::vector<std::string>(1000, "x"));
  const Runs own = runs_of(true, true, many);
  CHECK(std::ranges::all_of(own, [](const auto& run) { return run.first == run.second; }));
  CHECK(different(own) == many.size());

  const std::vector large(1, std::vector<std::string>(7, std::string(200'000, 'x')));
  const Runs shared = runs_of(true, true, large);
  CHECK(shared.front().second - shared.front().first == 3);  // two and two and two and one
}

TEST_CASE("requests that come by turns do not keep to the same partitions") {
  std::vector<std::vector<std::string>> by_turns;
  for (std::size_t i = 0; i < 200; ++i) {
    by_turns.emplace_back(200, "large");
    by_turns.emplace_back(1, "small");
  }
  const Runs runs = runs_of(true, false, by_turns);
  std::array<std::size_t, 2> large_in{};  // of two partitions
  for (std::size_t i = 0; i < runs.size(); i += 2) ++large_in.at(runs[i].first % 2);
  CAPTURE(large_in[0]);
  CHECK(large_in[0] > 0);
  CHECK(large_in[1] > 0);
}

}  // namespace rebuf::daemon
