#include "audit.h"

#include <chrono>
#include <utility>

namespace rebuf::e2e {

Audit::Audit(const Daemon& daemon, std::string route)
    : daemon_(daemon), route_(std::move(route)), thread_([this] { run(); }) {}

Audit::~Audit() { (void)finish(); }

std::string Audit::finish() {
  done_ = true;
  if (thread_.joinable()) thread_.join();
  return imbalance_;
}

void Audit::run() {
  while (!done_) {
    if (const auto text = daemon_.get("/metrics")) {
      ++scrapes_;
      if (imbalance_.empty()) imbalance_ = Metrics(*text).imbalance(route_);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
  }
}

}  // namespace rebuf::e2e
