#include "daemon/measured_sink.h"

#include <utility>

namespace rebuf::daemon {
namespace {

class Listener final : public sinks::ChannelListener {
 public:
  Listener(sinks::ChannelListener& route, SinkMetrics& metrics)
      : route_(route), metrics_(metrics) {}
  void on_reports(std::span<const sinks::Report> reports) override { route_.on_reports(reports); }
  void on_health(const sinks::Health& health) override {
    metrics_.on_health(health);
    route_.on_health(health);
  }
  void on_reopened() override { route_.on_reopened(); }

 private:
  sinks::ChannelListener& route_;
  SinkMetrics& metrics_;
};

class Channel final : public sinks::Channel {
 public:
  Channel(sinks::Sink& sink, sinks::ChannelOptions options, sinks::ChannelListener& route,
          SinkMetrics& metrics)
      : listener_(route, metrics), inner_(sink.attach(std::move(options), listener_)) {}
  std::size_t submit(std::span<const sinks::OutMessage> messages) override {
    return inner_->submit(messages);
  }
  void probe() override { inner_->probe(); }
  void recall() override { inner_->recall(); }
  void stop(std::chrono::steady_clock::time_point deadline) override { inner_->stop(deadline); }

 private:
  Listener listener_;  // outlives the channel that calls it
  std::unique_ptr<sinks::Channel> inner_;
};

}  // namespace

MeasuredSink::MeasuredSink(std::unique_ptr<sinks::Sink> inner, SinkMetrics& metrics)
    : metrics_(metrics), inner_(std::move(inner)) {}

std::unique_ptr<sinks::Channel> MeasuredSink::attach(sinks::ChannelOptions options,
                                                     sinks::ChannelListener& listener) {
  return std::make_unique<Channel>(*inner_, std::move(options), listener, metrics_);
}

}  // namespace rebuf::daemon
