// One route's way into the Kafka sink: what it submitted and what of that is not reported yet.
//
// submit() produces at once while nothing stands in the way (the topic is known, its gate is open,
// nothing waits before it, no suspect is being tried alone); otherwise the message waits in
// `waiting_`, in order (within its partition), and the poller produces it later. librdkafka gets a
// pointer to a Slot with every message, so that a report needs no look-up, and the value without
// copying it.
//
// Over a long way everything waits, and the poller feeds it to the turns of its partitions
// (turns.h).
//
// Owned by the route (Channel); the sink's poller knows it until stop() returns. One mutex; the
// poller's part is marked.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "sinks/kafka/topics.h"
#include "sinks/kafka/turns.h"
#include "sinks/sink.h"

namespace rebuf::sinks::kafka {

class KafkaChannel;

// A message in librdkafka's hands.
struct Slot {
  KafkaChannel* channel = nullptr;
  Token token = 0;
  MessageId id;
  std::size_t bytes = 0;
  bool stamped_here = false;
  bool used = false;
  Topic* topic = nullptr;
  Turn* turn = nullptr;                 // that it is counted in; the poller's
  std::int32_t partition = unplaced;    // that it must go to; or any
  std::optional<std::int32_t> entered;  // the partition of the gate, when it is counted there
  std::atomic<bool> placed = false;     // librdkafka asked for its partition
};

// What became of the message that was next.
enum class Next : std::uint8_t {
  gone,
  partition_waits,
  topic_waits,
  all_wait,
  places_changed,
  broken
};

// What the channel needs of its sink. Any thread.
class ChannelHost {
 public:
  virtual ~ChannelHost() = default;
  virtual void wake() = 0;             // the poller has something to do
  virtual rd_kafka_t* producer() = 0;  // while the channel is open or being fed
  virtual void hurry() = 0;            // the same; nothing shall linger there
  virtual Topics& topics() = 0;
  [[nodiscard]] virtual std::int32_t partition_of(const OutMessage& message,
                                                  std::int32_t partitions) const = 0;
  virtual bool in_turns() const = 0;  // changes while the channel is paused or closed
};

class KafkaChannel final : public Channel {
 public:
  KafkaChannel(ChannelHost& host, ChannelOptions options, ChannelListener& listener);
  ~KafkaChannel() override;

  [[nodiscard]] std::size_t submit(std::span<const OutMessage> messages) override;
  void probe() override;
  void recall() override;
  void stop(std::chrono::steady_clock::time_point deadline) override;

  // --- the poller's ---
  struct Wishes {
    bool probe = false;
    bool recall = false;
    std::optional<Time> stop_by;
  };
  [[nodiscard]] Wishes take_wishes();  // probe and recall once; stop_by every time
  [[nodiscard]] const std::string& topic() const { return options_.topic; }
  [[nodiscard]] const std::string& route() const { return options_.route; }
  [[nodiscard]] Topic& own_topic() const { return *own_; }

  // Produces what waits, as far as it may. Not `news`: nothing has happened since the last time but
  // submit(). False: librdkafka takes nothing any more.
  [[nodiscard]] bool feed(bool news, Time now);
  // Over a long way: what waits is added to the turns, which ask for it by take_turn(), give it
  // back, or put it back before all that waits. True: more may be added once that is gone.
  [[nodiscard]] bool feed(Turns& turns);
  [[nodiscard]] Next take_turn(const OutMessage& message, Turn& turn, Time now);
  void give_back(const OutMessage& message);
  void put_back(const OutMessage& message);
  // Until resume(), messages only wait; so it begins.
  void pause();
  void resume();
  // submit() takes nothing until reopen(). What waits is given back.
  void close();
  // Gives back what librdkafka, which is gone, never reported. After deliver().
  void give_back_rest();
  // Takes messages again, and tells the listener when it can have noticed the closing.
  void reopen();

  // Collects one report for deliver(). A suspect will be tried alone when it comes again.
  void add_report(Slot& slot, Report report, Time now, bool suspect = false);
  // Calls the listener with what was collected.
  void deliver();
  void tell(const Health& health) { listener_.on_health(health); }
  void clear_suspects();
  // The last thing that the poller does with it: stop() returns.
  void let_go();

  [[nodiscard]] std::size_t in_producer() const;
  [[nodiscard]] std::size_t held() const;
  [[nodiscard]] std::size_t held_bytes() const;

  bool probing = false;      // the poller's: an answer is due
  bool topic_fails = false;  // the poller's: the listener knows that its topic is in trouble

 private:
  [[nodiscard]] bool straight_through() const {
    return waiting_.empty() && !paused_ && !alone_ && suspects_.empty() && !host_.in_turns();
  }
  [[nodiscard]] std::shared_ptr<Topic> topic_of(const OutMessage& message);
  // The partition whose gate it has entered; none: it must wait.
  [[nodiscard]] std::optional<std::int32_t> enter(const OutMessage& message, Topic& topic,
                                                  Time now);
  // `entered`, `turn`: where it is counted. `now_ms`: since the epoch.
  [[nodiscard]] rd_kafka_resp_err_t produce(const OutMessage& message, Topic& topic,
                                            std::size_t bytes, std::optional<std::int32_t> entered,
                                            Turn* turn, std::int64_t now_ms);
  // `turn`: that it is counted in; may be null.
  [[nodiscard]] Next take(const OutMessage& message, const std::shared_ptr<Topic>& topic,
                          Turn* turn, Time now);
  // Once through what waits; what became of the last one that was looked at. `places_changed`: to
  // be called again, from the front.
  [[nodiscard]] Next look_through(Time now);
  void refuse(const OutMessage& message, Refusal refusal, std::string detail);

  ChannelHost& host_;
  const ChannelOptions options_;
  ChannelListener& listener_;
  const std::shared_ptr<Topic> own_;

  mutable std::mutex mutex_;
  std::condition_variable let_go_changed_;
  bool open_ = true;
  bool noticed_ = false;  // the listener knows, or will, that it was closed
  bool paused_ = true;
  bool alone_ = false;  // a suspect is in librdkafka: nothing else goes until its report
  bool let_go_ = false;
  Wishes wishes_;
  std::deque<OutMessage> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t must_wait_ = 0;  // so many at the front, until there is news
  std::size_t in_turns_ = 0;
  std::size_t in_turns_bytes_ = 0;
  std::set<MessageId> suspects_;
  std::deque<Slot> slots_;
  std::vector<Slot*> free_;
  std::size_t in_producer_ = 0;
  std::size_t in_producer_bytes_ = 0;
  std::shared_ptr<Topic> last_topic_;  // that a message chose

  // The poller's:
  std::vector<Report> reports_;
  std::vector<Slot*> reported_;
  std::deque<std::string> details_;  // what the reports' details point to
};

}  // namespace rebuf::sinks::kafka
