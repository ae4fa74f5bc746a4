// A sink made of transports: takes the channels' messages, forms batches, hands them to the
// transports, and acts on the verdicts: again in order, halved, reported. HTTP and file sinks are
// this with their own transport.
//
// Each channel keeps its order while there is one transport; more of them give it up. Channels are
// served in turn. A batch that failed is tried again as it was, after a pause; meanwhile the others
// have their turn unless the downstream as a whole is out of reach.
//
// Owned by the daemon, as any Sink. One mutex. Threads: a sender for each transport, and the
// keeper, which ends attempts whose time is up and gives messages back.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "sinks/dispatch/gate.h"
#include "sinks/dispatch/lane.h"
#include "sinks/dispatch/transport.h"
#include "sinks/sink.h"

namespace rebuf::sinks::dispatch {

struct DispatchSettings {
  std::string name;  // of the sink, for log lines
  BatchLimits batch;
  std::chrono::milliseconds timeout{10'000};  // an attempt that takes longer is cut
  // How long what is on its way when a channel recalls may still be acknowledged: less to be sent
  // twice.
  std::chrono::milliseconds recall_grace{300};
  RetryRange retry;
  // A probe says whether messages would be taken, and not only whether the downstream is in reach.
  bool probe_asks = false;
  std::uint64_t seed = 0;  // of the jitter
};

class Dispatcher final : public Sink {
 public:
  Dispatcher(DispatchSettings settings, std::vector<std::unique_ptr<Transport>> transports,
             Logger log, DeliveryObserver observer);
  ~Dispatcher() override;

  [[nodiscard]] std::unique_ptr<Channel> attach(ChannelOptions options,
                                                ChannelListener& listener) override;
  [[nodiscard]] SinkStats stats() const override;

  // --- the channels' ---
  [[nodiscard]] std::size_t submit(Lane& lane, std::span<const OutMessage> messages);
  void probe(Lane& lane);
  void recall(Lane& lane);
  void stop(Lane& lane, Time deadline);

 private:
  using Lock = std::unique_lock<std::mutex>;
  struct Sender {
    std::unique_ptr<Transport> transport;
    Lane* lane = nullptr;       // of the batch that is being tried
    Time cut_at = Time::max();  // of what is under way
    bool trial = false;         // of gate_
    bool lane_trial = false;    // of the lane's gate
    std::thread thread;
  };

  // dispatcher.cc: the senders
  void send_loop(Sender& sender);
  [[nodiscard]] Lane* next_lane(Time now);
  void wait_for_work(Lock& lock);
  void attempt(Lock& lock, Sender& sender, Lane& lane);
  void begin(Sender& sender, Time now);
  void run_probe(Lock& lock, Sender& sender);
  void tell_all(Lock& lock);

  // verdicts.cc: what an attempt's end means
  void settle(Lane& lane, Batch batch, Verdict verdict, Time started);
  void works(Lane& lane, Time started);
  void fails(Lane& lane, const Verdict& verdict, Time started);
  void throttles(const Verdict& verdict, Time started);
  void answer_probes(const Verdict& verdict);
  void say_down(const Lane& lane, const Verdict& verdict) const;
  void say(LogLevel level, std::string_view text) const;

  // keeper.cc
  void keep();
  [[nodiscard]] Time mind(Lane& lane, Time now);
  [[nodiscard]] Time cut_overdue(Time now);
  void wake_keeper();

  const DispatchSettings settings_;
  const Logger log_;
  const DeliveryObserver observer_;
  std::vector<std::unique_ptr<Sender>> senders_;

  mutable std::mutex mutex_;
  std::condition_variable work_;     // for the senders
  std::condition_variable keeping_;  // for the keeper
  std::condition_variable let_go_;   // for stop()
  // Guarded by mutex_, as are the lanes and the senders' notes:
  bool ending_ = false;
  bool keeper_woken_ = false;
  Time keeper_wakes_at_ = Time::max();
  std::vector<Lane*> lanes_;
  std::size_t next_ = 0;  // in lanes_: whose turn it is
  Gate gate_;             // for failures that concern everyone
  bool up_ = false;
  Time worked_at_{};  // the last success of an attempt or a probe
  std::string last_error_;
  Random random_;

  std::thread keeper_;
};

}  // namespace rebuf::sinks::dispatch
