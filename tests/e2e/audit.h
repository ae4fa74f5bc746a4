// Adds up every route's counters at every scrape of a run, from a thread of its own: P5 holds at
// any moment, not only at the end. Scrapes that fail, because the daemon was killed, are passed
// over.
#pragma once

#include <atomic>
#include <string>
#include <thread>

#include "daemon.h"

namespace rebuf::e2e {

class Audit {
 public:
  // The daemon must outlive it.
  Audit(const Daemon& daemon, std::string route);
  ~Audit();
  // Ends it. The first scrape that did not add up, or empty.
  [[nodiscard]] std::string finish();
  [[nodiscard]] std::size_t scrapes() const { return scrapes_; }

 private:
  void run();

  const Daemon& daemon_;
  const std::string route_;
  std::string imbalance_;
  std::atomic<std::size_t> scrapes_{0};
  std::atomic<bool> done_{false};
  std::thread thread_;
};

}  // namespace rebuf::e2e
