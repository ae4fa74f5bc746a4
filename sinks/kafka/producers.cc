#include "sinks/kafka/producers.h"

#include <algorithm>
#include <utility>

namespace rebuf::sinks::kafka {

Producers::Producers(KafkaSettings settings, Logger log, DeliveryObserver observer)
    : settings_(std::move(settings)), log_(std::move(log)), observer_(std::move(observer)) {}

std::string Producers::start() {
  if (settings_.embedded) {
    std::string error;
    embedded_ = EmbeddedCluster::make(error);
    if (embedded_ == nullptr) return error;
  }
  return add_poller();
}

std::string Producers::add_poller() {
  const std::string brokers = embedded_ == nullptr ? settings_.brokers : embedded_->bootstrap();
  auto poller = std::make_unique<Poller>(settings_, embedded_.get(), brokers, log_, observer_);
  std::string error = poller->start();
  if (error.empty()) pollers_.push_back(std::move(poller));
  return error;
}

std::unique_ptr<Channel> Producers::attach(ChannelOptions options, ChannelListener& listener) {
  const std::lock_guard lock(mutex_);
  const auto channels = [](const auto& poller) { return poller->channels(); };
  auto emptiest = std::ranges::min_element(pollers_, {}, channels);
  if ((*emptiest)->channels() > 0 && pollers_.size() < most_producers) {
    const std::string error = add_poller();
    if (error.empty())
      emptiest = pollers_.end() - 1;
    else if (log_)
      log_(LogLevel::warning, "sink " + settings_.name + ": route " + options.route +
                                  " shares a producer, for there is none more: " + error);
  }
  return (*emptiest)->attach(std::move(options), listener);
}

SinkStats Producers::stats() const {
  const std::lock_guard lock(mutex_);
  SinkStats all;
  all.up = true;
  bool used = false;
  for (const auto& poller : pollers_) {
    if (poller->channels() == 0) continue;  // it is asked nothing, so it knows nothing
    const SinkStats stats = poller->stats();
    used = true;
    all.up = all.up && stats.up;
    if (!stats.last_error.empty() && (all.last_error.empty() || !stats.up))
      all.last_error = stats.last_error;
    all.held_messages += stats.held_messages;
    all.held_bytes += stats.held_bytes;
  }
  return used ? all : pollers_.front()->stats();
}

std::string Producers::embedded_bootstrap() const {
  return embedded_ == nullptr ? std::string() : embedded_->bootstrap();
}

bool Producers::set_embedded_up(bool up) {
  if (embedded_ == nullptr) return false;
  embedded_->set_up(up);
  return true;
}

}  // namespace rebuf::sinks::kafka
