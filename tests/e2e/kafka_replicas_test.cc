// Leaders that move, and followers that are missing.
#include <doctest/doctest.h>

#include "audit.h"
#include "kafka_route.h"

namespace rebuf::e2e {
namespace {

TEST_CASE("each partition's leader moves five times: nothing is lost, and no copy unexplained") {
  KafkaRoute run(3);
  run.start();
  Audit audit(run.daemon, "weather");
  run.cluster.elect(run.topic.name(), 5);
  run.wait_until_direct();
  (void)run.finish();
  CHECK(audit.finish().empty());
  for (const Sending& sending : run.fleet.finish()) CHECK(sending.acknowledged());
}

TEST_CASE("too few replicas in sync: everything is kept, and arrives once when there are enough") {
  KafkaRoute run(3);
  run.start();
  Audit audit(run.daemon, "weather");
  run.cluster.admin().configure(run.topic.name(), {{"min.insync.replicas", "3"}});
  run.cluster.run("kill", 3);
  run.wait_until_buffering();
  run.cluster.admin().configure(run.topic.name(), {});
  run.wait_until_direct();  // though the third is still away
  CHECK(run.finish().replayed > 0);
  CHECK(audit.finish().empty());
  for (const Sending& sending : run.fleet.finish()) CHECK(sending.acknowledged());
}

}  // namespace
}  // namespace rebuf::e2e
