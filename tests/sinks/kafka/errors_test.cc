#include "sinks/kafka/errors.h"

#include <doctest/doctest.h>

namespace rebuf::sinks::kafka {
namespace {

TEST_CASE("librdkafka's log tells when a topic has fewer partitions than before") {
  const std::string_view fewer = "[thrd:main]: Topic readings partition count changed from 12 to 1";
  CHECK(tells_of_fewer_partitions(fewer));
  for (std::size_t bytes = 0; bytes < fewer.size(); ++bytes)
    CHECK_FALSE(tells_of_fewer_partitions(fewer.substr(0, bytes)));
  CHECK_FALSE(tells_of_fewer_partitions("Topic readings partition count changed from 1 to 12"));
  CHECK_FALSE(tells_of_fewer_partitions("partition count changed from here to 1"));
}

}  // namespace
}  // namespace rebuf::sinks::kafka
