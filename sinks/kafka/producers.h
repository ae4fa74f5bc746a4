// The Kafka sink behind its interface: its producers, and which channel has which. A channel has
// one of its own, so that what goes wrong with its topic concerns no other; only when there are
// more channels than a broker should have connections for, they share.
//
// Owned by the daemon. Any thread. What was made stays, for the channels that come later.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "sinks/kafka/embedded.h"
#include "sinks/kafka/poller.h"

namespace rebuf::sinks::kafka {

// Each keeps a connection to every broker.
inline constexpr std::size_t most_producers = 8;

class Producers final : public KafkaSink {
 public:
  Producers(KafkaSettings settings, Logger log, DeliveryObserver observer);

  // Makes the first producer. The error; empty: done. Once, before anything else.
  [[nodiscard]] std::string start();

  [[nodiscard]] std::unique_ptr<Channel> attach(ChannelOptions options,
                                                ChannelListener& listener) override;
  // Up: every producer that a channel uses is.
  [[nodiscard]] SinkStats stats() const override;
  [[nodiscard]] bool keeps_runs_together() const override { return true; }
  [[nodiscard]] std::string embedded_bootstrap() const override;
  bool set_embedded_up(bool up) override;

 private:
  // The error; empty: it is the last of pollers_.
  [[nodiscard]] std::string add_poller();

  const KafkaSettings settings_;
  const Logger log_;
  const DeliveryObserver observer_;
  std::unique_ptr<EmbeddedCluster> embedded_;  // set by start()
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Poller>> pollers_;  // guarded by mutex_
};

}  // namespace rebuf::sinks::kafka
