#include "network.h"

#include <doctest/doctest.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "sockets.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;

constexpr std::uint16_t broker_port = 9094;  // where EDGE listens
constexpr std::uint16_t our_port = 9095;     // where it says that it is
constexpr std::size_t most_held_bytes = 1U << 20U;
constexpr milliseconds tick{20};
constexpr milliseconds slow_by{200};

bool would_block() { return errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR; }

}  // namespace

const char* name_of(Weather weather) {
  constexpr std::array<const char*, weathers> names{"fair",         "slow",       "lossy",
                                                    "answers lost", "black hole", "resets"};
  return names.at(static_cast<std::size_t>(weather));
}

Network::Network(test::KafkaCluster& cluster) : wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  for (const std::string& host : cluster.hosts()) {
    Node& node = nodes_.emplace_back();
    node.host = host;
    node.listener = sinks::Fd(listen_on(host, our_port));
  }
  thread_ = std::thread([this] { run(); });
}

Network::~Network() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
  for (const Passage& passage : passages_) close(passage);
}

void Network::be(Weather weather) {
  for (std::size_t node = 1; node <= nodes_.size(); ++node) be(weather, static_cast<int>(node));
}

void Network::be(Weather weather, int node) {
  const std::lock_guard lock(mutex_);
  Node& changed = nodes_.at(static_cast<std::size_t>(node) - 1);
  changed.weather = weather;
  changed.reset_now = weather == Weather::resets;
  (void)::eventfd_write(wake_.get(), 1);
}

void Network::reset_all() {
  const std::lock_guard lock(mutex_);
  for (Node& node : nodes_) node.reset_now = true;
  (void)::eventfd_write(wake_.get(), 1);
}

std::string Network::kafka_sink(const std::string& client_id, const std::string& option) const {
  std::string brokers;
  for (const Node& node : nodes_)
    brokers += (brokers.empty() ? "" : ", ") + node.host + ":" + std::to_string(our_port);
  return kafka_sink_at(brokers, client_id, option);
}

std::string Network::kafka_sink_at(const std::string& brokers, const std::string& client_id,
                                   const std::string& option) {
  return "sinks:\n  kafka:\n    type: kafka\n    brokers: [" + brokers +
         "]\n    librdkafka_options: { security.protocol: SASL_PLAINTEXT, sasl.mechanisms: PLAIN, "
         "sasl.username: gateway, sasl.password: secret, debug: eos, client.id: " +
         client_id + (option.empty() ? "" : ", " + option) + " }\n";
}

// Only this thread touches passages_; the lock guards the weather.
void Network::run() {
  std::vector<pollfd> ready;
  while (reset_due()) {
    ready.clear();
    {
      const std::lock_guard lock(mutex_);
      ready.push_back({.fd = wake_.get(), .events = POLLIN, .revents = 0});
      for (const Node& node : nodes_) {
        const bool deaf = node.weather == Weather::black_hole;
        ready.push_back({.fd = deaf ? -1 : node.listener.get(), .events = POLLIN, .revents = 0});
      }
      const auto now = Clock::now();
      for (const Passage& passage : passages_)
        for (const Half* half : {&passage.requests, &passage.answers}) {
          const bool carries_it = carries(passage, *half);
          const bool reads = carries_it && !half->ended && half->held_bytes < most_held_bytes;
          const bool writes = carries_it && !half->held.empty() && half->held.front().due <= now;
          ready.push_back({.fd = reads ? half->from : -1, .events = POLLIN, .revents = 0});
          ready.push_back({.fd = writes ? half->to : -1, .events = POLLOUT, .revents = 0});
        }
    }
    (void)::poll(ready.data(), ready.size(), static_cast<int>(tick.count()));
    eventfd_t ignored = 0;
    (void)::eventfd_read(wake_.get(), &ignored);
    std::size_t at = 1 + nodes_.size();
    for (auto passage = passages_.begin(); passage != passages_.end();) {
      const std::unique_lock lock(mutex_);
      const Weather weather = nodes_[passage->node].weather;
      bool lives = true;
      for (Half* half : {&passage->requests, &passage->answers}) {
        lives = lives && move(*half, weather, ready[at].revents, ready[at + 1].revents);
        at += 2;
      }
      if (!lives) close(*passage);
      passage = lives ? std::next(passage) : passages_.erase(passage);
    }
    for (std::size_t node = 0; node < nodes_.size(); ++node)
      if (ready[1 + node].revents != 0) accept_one(node);
  }
}

bool Network::reset_due() {
  const std::lock_guard lock(mutex_);
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    if (!std::exchange(nodes_[node].reset_now, false)) continue;
    for (auto passage = passages_.begin(); passage != passages_.end();) {
      const bool hit = passage->node == node;
      if (hit) close(*passage);
      passage = hit ? passages_.erase(passage) : std::next(passage);
    }
  }
  return !ending_;
}

void Network::accept_one(std::size_t node) {
  const int client =
      ::accept4(nodes_[node].listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (client < 0) return;
  const std::lock_guard lock(mutex_);
  const bool resets = nodes_[node].weather == Weather::resets;
  const int broker = resets ? -1 : connect_to(nodes_[node].host, broker_port);
  if (broker < 0) return reset(client);
  Passage& made = passages_.emplace_back();
  made.node = node;
  made.requests.from = made.answers.to = client;
  made.requests.to = made.answers.from = broker;
  made.answers.is_answers = true;
}

bool Network::carries(const Passage& passage, const Half& half) const {
  const Weather weather = nodes_[passage.node].weather;
  return weather != Weather::black_hole && !(weather == Weather::answers_lost && half.is_answers);
}

// False: the connection is broken, or over.
bool Network::move(Half& half, Weather weather, short from_ready, short to_ready) {
  if (from_ready != 0 && !take(half, weather)) return false;
  if (to_ready != 0 && !give(half)) return false;
  if (half.ended && half.held.empty() && !half.passed) {
    half.passed = true;
    (void)::shutdown(half.to, SHUT_WR);
    return !half.is_answers;  // the broker hung up: nothing is left to carry
  }
  return true;
}

bool Network::take(Half& half, Weather weather) {
  std::array<char, 65536> block{};
  const ssize_t count = ::recv(half.from, block.data(), block.size(), 0);
  if (count < 0) return would_block();
  if (count == 0) {
    half.ended = true;
    return true;
  }
  auto due = Clock::now();
  if (weather == Weather::slow) due += slow_by;
  if (weather == Weather::lossy && std::uniform_int_distribution<int>(1, 5)(random_) == 1)
    due += milliseconds(std::uniform_int_distribution<int>(200, 800)(random_));
  if (!half.held.empty()) due = std::max(due, half.held.back().due);
  half.held.push_back({due, std::string(block.data(), static_cast<std::size_t>(count))});
  half.held_bytes += static_cast<std::size_t>(count);
  return true;
}

bool Network::give(Half& half) {
  std::string& bytes = half.held.front().bytes;
  const ssize_t count = ::send(half.to, bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (count < 0) return would_block();
  bytes.erase(0, static_cast<std::size_t>(count));
  half.held_bytes -= static_cast<std::size_t>(count);
  if (bytes.empty()) half.held.pop_front();
  return true;
}

void Network::close(const Passage& passage) {
  reset(passage.requests.from);
  reset(passage.requests.to);
}

}  // namespace rebuf::e2e
