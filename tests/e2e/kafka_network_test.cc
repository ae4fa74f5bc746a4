// A network between rebufd and Kafka that loses, delays, cuts and swallows.
#include <doctest/doctest.h>

#include <algorithm>

#include "audit.h"
#include "kafka_route.h"
#include "pulse.h"

namespace rebuf::e2e {
namespace {

void longest_wait_is_bounded(const std::vector<Sending>& sendings, Pulse& pulse) {
  Clock::duration longest{};
  for (const Sending& sending : sendings) {
    CHECK(sending.acknowledged());
    longest = std::max(longest, sending.end - sending.begin);
  }
  CHECK(within_promise(longest, KafkaRoute::spill_after, pulse));
}

void survive_outage(Weather weather, bool ends_with_reset) {
  KafkaRoute run(1);
  run.start();
  Pulse pulse(run.scratch.path());
  Audit audit(run.daemon, "weather");
  run.network.be(weather);
  run.wait_until_buffering();
  if (ends_with_reset) run.network.reset_all();
  run.network.be(Weather::fair);
  run.wait_until_direct();
  CHECK(run.finish().replayed > 0);
  CHECK(audit.finish().empty());
  longest_wait_is_bounded(run.fleet.finish(), pulse);
}

TEST_CASE("a network that swallows everything: clients wait spill_after, all arrives once") {
  survive_outage(Weather::black_hole, false);
}

TEST_CASE("a network that swallows the answers, then resets: all arrives once, in order") {
  survive_outage(Weather::answers_lost, true);
}

TEST_CASE("a network that resets every connection: all arrives once, in order") {
  survive_outage(Weather::resets, false);
}

TEST_CASE("a network that loses packets, then is slow: all arrives once, in order") {
  KafkaRoute run(1);
  run.start();
  Pulse pulse(run.scratch.path());
  Audit audit(run.daemon, "weather");
  for (const Weather weather : {Weather::lossy, Weather::slow}) {
    run.network.be(weather);
    run.fleet.wait_for_rows(300);
  }
  run.network.be(Weather::fair);
  run.wait_until_direct();
  (void)run.finish();
  CHECK(audit.finish().empty());
  longest_wait_is_bounded(run.fleet.finish(), pulse);
}

}  // namespace
}  // namespace rebuf::e2e
