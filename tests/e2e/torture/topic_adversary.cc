#include "topic_adversary.h"

#include <thread>

namespace rebuf::e2e {

std::string TopicAdversary::strike(Chance& chance) {
  cluster_.wait();
  test::KafkaAdmin& admin = cluster_.admin();
  switch (chance.between(1, 5)) {
    case 1: {
      const auto missing_for = chance.ms_between(0, 2000);
      make_anew(missing_for);
      return "topic: removed for " + std::to_string(missing_for.count()) + " ms";
    }
    case 2:
      ++uncertainties_;
      forbidden_ = !forbidden_;
      admin.let_gateway(topic_.name(),
                        forbidden_ ? test::Gateway::does_nothing : test::Gateway::does_all);
      return forbidden_ ? "topic: forbidden" : "topic: allowed";
    case 3:
      admin.configure(topic_.name(), {{"min.insync.replicas", std::to_string(cluster_.nodes())}});
      return "topic: all replicas must be in sync";
    case 4:
      ++uncertainties_;  // a batch for the limit that the sink knew is refused
      admin.configure(topic_.name(), {{"max.message.bytes", std::to_string(lowered_limit)}});
      return "topic: smaller messages";
    default:
      admin.configure(topic_.name(), {});
      return "topic: as it was";
  }
}

void TopicAdversary::make_anew(std::chrono::milliseconds missing_for) {
  ++uncertainties_;
  cluster_.remove(topic_.name());
  removed_ = Clock::now();
  std::this_thread::sleep_for(missing_for);
  cluster_.create(topic_.name(), topic_.partitions());
}

void TopicAdversary::heal() {
  cluster_.admin().configure(topic_.name(), {});
  if (forbidden_) cluster_.admin().let_gateway(topic_.name(), test::Gateway::does_all);
  forbidden_ = false;
}

}  // namespace rebuf::e2e
