// An AdminServer on a free port and a Unix socket, over a route and a sink that the test sets.
#pragma once

#include <httplib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "daemon/admin/admin_server.h"
#include "daemon/idempotency/key_gate.h"
#include "support/temporary_directory.h"

namespace rebuf::daemon::admin_test {

// For a machine that is busy with other things; only what hangs takes as long.
inline constexpr std::chrono::seconds patience{100};

class FakeRoute final : public Route {
 public:
  explicit FakeRoute(const std::string& name);
  void set(const std::function<void(RouteSnapshot&)>& change);
  void set_ready(Readiness readiness);
  void set_progress(bool progress);
  [[nodiscard]] int times_asked() const;  // for a snapshot
  // Happens to the route after each snapshot.
  void set_after_snapshot(std::function<void(RouteSnapshot&)> change);

  const config::RouteConfig& config() const override { return config_; }
  void offer(std::shared_ptr<Request> /*request*/) override {}
  RouteSnapshot snapshot() const override;
  Readiness readiness() const override;
  const RouteHistograms& histograms() const override { return measured; }
  bool making_progress() const override;

  RouteHistograms measured;

 private:
  config::RouteConfig config_;
  mutable std::mutex mutex_;
  mutable RouteSnapshot now_;
  std::function<void(RouteSnapshot&)> after_snapshot_;
  Readiness ready_{true, ""};
  bool progress_ = true;
  mutable int asked_ = 0;
};

// Writes down what is asked of it.
class FakeControl final : public RouteControl {
 public:
  void pause() override { asked.emplace_back("pause"); }
  void resume() override { asked.emplace_back("resume"); }
  void catch_up() override { asked.emplace_back("catch-up"); }
  Result<std::uint64_t> purge(std::optional<SegmentId> through) override;
  // Puts back two of what is left at a time, one of them dies again.
  Result<Replayed> replay_dead_letters() override;
  Result<std::uint64_t> purge_dead_letters() override;

  std::vector<std::string> asked;
  Status refusal;  // of a purge or a replay
  std::uint64_t letters = 0;
};

// Ends as the test says, and counts who asks.
class FakeReload final : public ReloadControl {
 public:
  std::optional<ReloadOutcome> reload() override {
    ++asked;
    return outcome;
  }
  bool last_successful() const override { return outcome && outcome->done; }

  std::optional<ReloadOutcome> outcome{ReloadOutcome{true, {}, {}, {}, {}}};
  std::atomic<int> asked{0};
};

class FakeKafka final : public sinks::KafkaSink {
 public:
  std::unique_ptr<sinks::Channel> attach(sinks::ChannelOptions /*options*/,
                                         sinks::ChannelListener& /*listener*/) override {
    return nullptr;
  }
  sinks::SinkStats stats() const override;
  std::string embedded_bootstrap() const override { return "127.0.0.1:40001"; }
  bool set_embedded_up(bool up) override;

 private:
  mutable std::mutex mutex_;
  bool up_ = true;
};

// A route in an outage, for what shows it to people.
void fill_with_outage(RouteSnapshot& now);

struct Harness {
  Harness();
  void start();  // with the fields as they are then
  [[nodiscard]] httplib::Client tcp() const;
  [[nodiscard]] httplib::Client unix_socket() const;
  [[nodiscard]] std::string url(const std::string& path) const;

  test::TemporaryDirectory directory;
  config::Admin admin;
  FakeRoute route{"telemetry"};
  FakeControl control;
  FakeKafka kafka;
  SinkMetrics sink_metrics;
  HttpCounts http, unrouted;
  idempotency::KeyWriter key_writer;
  idempotency::KeyGate keys{
      {directory.path() / "idempotency", std::chrono::minutes(10), 100, {}, nullptr}, key_writer};
  AdminSources sources;
  std::unique_ptr<AdminServer> server;
};

}  // namespace rebuf::daemon::admin_test
