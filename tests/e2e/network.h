// The network between rebufd and the brokers, and what goes wrong in it: a TCP proxy on the address
// that each broker's listener EDGE advertises (see tests/kafka/kafka). It needs neither root nor a
// network namespace. What a lost packet does to a TCP stream is a pause of a retransmission's
// length, and that is how it is shown here. One thread of its own does all I/O; any thread calls.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ledger.h"
#include "sinks/fd.h"
#include "tests/support/kafka_cluster.h"

namespace rebuf::e2e {

enum class Weather : std::uint8_t {
  fair,
  slow,          // everything takes a fifth of a second longer each way
  lossy,         // one piece in five is held up for 200 to 800 ms, and all behind it
  answers_lost,  // requests arrive, nothing comes back
  black_hole,    // nothing passes; who connects hears nothing
  resets         // what stands is reset, and so is whoever connects
};

inline constexpr int weathers = 6;
[[nodiscard]] const char* name_of(Weather weather);

class Network {
 public:
  explicit Network(test::KafkaCluster& cluster);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  // From now on, to all brokers or to one (1, 2, …). What was held up arrives when it is fair.
  void be(Weather weather);
  void be(Weather weather, int node);
  // Resets the connections that stand now.
  void reset_all();
  // The `sinks:` block with one Kafka sink, `kafka`, that goes through here as the user `gateway`;
  // `client_id` is what a quota names; `option` another of librdkafka's, "name: value".
  [[nodiscard]] std::string kafka_sink(const std::string& client_id,
                                       const std::string& option = {}) const;
  // The same sink, but not through here: `brokers` is where it goes.
  [[nodiscard]] static std::string kafka_sink_at(const std::string& brokers,
                                                 const std::string& client_id,
                                                 const std::string& option = {});

 private:
  struct Piece {
    Clock::time_point due;
    std::string bytes;
  };
  // One direction of a connection.
  struct Half {
    int from = -1;
    int to = -1;
    bool is_answers = false;
    bool ended = false;   // nothing more comes
    bool passed = false;  // and the other side knows
    std::list<Piece> held;
    std::size_t held_bytes = 0;
  };
  struct Passage {
    std::size_t node = 0;
    Half requests, answers;
  };
  struct Node {
    std::string host;
    sinks::Fd listener;
    Weather weather = Weather::fair;
    bool reset_now = false;
  };

  void run();
  [[nodiscard]] bool reset_due();  // false: it is to end
  void accept_one(std::size_t node);
  [[nodiscard]] bool carries(const Passage& passage, const Half& half) const;
  [[nodiscard]] bool move(Half& half, Weather weather, short from_ready, short to_ready);
  [[nodiscard]] bool take(Half& half, Weather weather);
  [[nodiscard]] static bool give(Half& half);
  static void close(const Passage& passage);

  mutable std::mutex mutex_;
  std::vector<Node> nodes_;
  bool ending_ = false;
  std::list<Passage> passages_;    // the thread's
  std::mt19937_64 random_{20261};  // the thread's
  sinks::Fd wake_;
  std::thread thread_;
};

}  // namespace rebuf::e2e
