// A route's way into a dispatcher: its lane, behind the Channel interface. Owned by the route.
#pragma once

#include "sinks/dispatch/dispatcher.h"

namespace rebuf::sinks::dispatch {

class DispatchChannel final : public Channel {
 public:
  DispatchChannel(Dispatcher& dispatcher, ChannelOptions options, ChannelListener& listener)
      : dispatcher_(dispatcher), lane_(std::move(options), listener) {}
  ~DispatchChannel() override { DispatchChannel::stop(std::chrono::steady_clock::now()); }

  [[nodiscard]] std::size_t submit(std::span<const OutMessage> messages) override {
    return dispatcher_.submit(lane_, messages);
  }
  void probe() override { dispatcher_.probe(lane_); }
  void recall() override { dispatcher_.recall(lane_); }
  void stop(Time deadline) override { dispatcher_.stop(lane_, deadline); }

  [[nodiscard]] Lane& lane() { return lane_; }

 private:
  Dispatcher& dispatcher_;
  Lane lane_;
};

}  // namespace rebuf::sinks::dispatch
