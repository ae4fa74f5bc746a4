#include "metrics.h"

#include <doctest/doctest.h>

namespace rebuf::e2e {
namespace {

const char* const balanced = R"(# TYPE rebufd_messages_accepted_total counter
rebufd_messages_accepted_total{route="r"} 10
rebufd_messages_accepted_total{route="other"} 99
rebufd_messages_recovered_total{from="log",route="r"} 5
rebufd_messages_delivered_total{route="r",path="direct"} 7
rebufd_messages_delivered_total{route="r",path="replay"} 2
rebufd_backlog_messages{route="r"} 5
rebufd_in_flight_messages{route="r"} 1
rebufd_route_state{route="r",state="direct"} 0
rebufd_route_state{route="r",state="draining"} 1
process_resident_memory_bytes 1.5e+07
)";

TEST_CASE("samples are summed over the labels that are not asked for") {
  const Metrics metrics(balanced);
  CHECK(metrics.count("rebufd_messages_delivered_total", "r") == 9);
  CHECK(metrics.count("rebufd_messages_delivered_total", "r", {{"path", "replay"}}) == 2);
  CHECK(metrics.count("rebufd_messages_dropped_total", "r") == 0);
  CHECK(metrics.sum("process_resident_memory_bytes", {}) == 1.5e7);
  CHECK(metrics.state("r") == "draining");
}

TEST_CASE("counters that do not add up are told, with the figures") {
  CHECK(Metrics(balanced).imbalance("r").empty());
  CHECK(Metrics(balanced).imbalance("other").find("accepted_total 99") != std::string::npos);
}

}  // namespace
}  // namespace rebuf::e2e
