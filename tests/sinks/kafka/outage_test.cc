#include "sinks/kafka/outage.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::kafka {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Time start{seconds(1000)};

TEST_CASE("all brokers down is an outage at once, and once") {
  Outage outage;
  CHECK_FALSE(outage.begins(start));
  outage.error(RD_KAFKA_RESP_ERR__TRANSPORT, "connection refused", start);
  CHECK_FALSE(outage.begins(start));
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start);
  CHECK(outage.begins(start));
  CHECK_FALSE(outage.begins(start + seconds(1)));
  CHECK(outage.reason(start) == "connection refused");
  CHECK(outage.reason_class(start) == "connect");
}

TEST_CASE("brokers that fall silent during a throttle are down only when it is over") {
  Outage outage;
  outage.throttled(milliseconds(700), start);
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start);
  CHECK_FALSE(outage.begins(start + milliseconds(1600)));
  CHECK(outage.next() == start + milliseconds(1700));
  CHECK(outage.begins(start + milliseconds(1700)));
}

TEST_CASE("an answer right behind the news that all brokers are down may be older than the news") {
  Outage outage;
  CHECK_FALSE(outage.works(start));
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start);
  CHECK(outage.begins(start));
  CHECK(outage.works(start + milliseconds(10)));
  CHECK_FALSE(outage.works(start + milliseconds(20)));  // said once
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start);
  CHECK_FALSE(outage.works(start + seconds(2)));  // they are back
  CHECK_FALSE(outage.begins(start + seconds(2)));
}

TEST_CASE("an acknowledgement during the throttle ends the suspicion") {
  Outage outage;
  outage.throttled(milliseconds(700), start);
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start);
  CHECK(outage.works(start + milliseconds(500)));
  CHECK_FALSE(outage.begins(start + seconds(10)));
}

TEST_CASE("the cause of an outage is told, an old one is not") {
  Outage outage;
  outage.error(RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, "bad password", start);
  outage.error(RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN, "1/1 brokers are down", start + seconds(1));
  CHECK(outage.reason(start + seconds(1)) == "bad password");
  CHECK(outage.reason_class(start + seconds(1)) == "auth");
  CHECK(outage.reason(start + seconds(60)) == "the brokers do not answer");
  CHECK(outage.reason_class(start + seconds(60)) == "timeout");
}

}  // namespace
}  // namespace rebuf::sinks::kafka
