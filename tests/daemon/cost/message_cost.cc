// What one message costs rebufd itself, repeatably: one thread takes MESSAGES messages through the
// route as rebufd's threads do, with neither sockets nor disk nor librdkafka. Prints how many
// allocations that took; cost.py counts the instructions.
//   message_cost direct|buffered MESSAGES
//
// A message passes: body -> envelope -> request -> the core -> the sink's or the log's door -> its
// end, 32 at a time -> the text of the answer. At the log's door it is framed and gathered for
// writing; at the sink's it is taken.
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <string>
#include <vector>

#include "daemon/ingest/reply.h"
#include "daemon/route/core.h"
#include "tests/daemon/cost/allocations.h"
#include "wal/gather.h"
#include "wal/group_queue.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t together = 32;  // messages that end in one event
constexpr std::size_t value_bytes = 256;

// Counts the bytes of the answers, so that none is for nothing.
class Client final : public Request {
 public:
  Client(Batch batch_in, Clock::time_point deadline_in, std::size_t& answered)
      : Request(std::move(batch_in), deadline_in), answered_(answered) {}
  void on_answer(Answer&& answer) noexcept override {
    answered_ += ingest::reply_to(answer, batch.size(), false).body.size();
  }

 private:
  std::size_t& answered_;
};

class Path final : private Effects {
 public:
  Path() : core_(settings(), static_cast<Effects&>(*this)) { core_.start({}, now_); }

  void go_direct() {
    sinks::Health health;
    health.up = true;
    health.from_probe = true;
    core_.health(health, now_);
  }
  void send() {
    Envelope envelope;
    envelope.topic = topic_;
    envelope.headers = sinks::HeaderList(headers_);
    envelope.value = value_;
    Batch batch;
    batch.reserve(1, value_.size() + headers_.size());
    batch.add(envelope);
    core_.offer(
        std::make_shared<Client>(std::move(batch), now_ + std::chrono::seconds(30), answered_),
        now_);
  }
  // What the sink or the log holds ends well.
  void end() {
    now_ += std::chrono::milliseconds(1);
    if (!reports_.empty()) {
      ending_reports_.swap(reports_);
      core_.reports(ending_reports_, now_);
      ending_reports_.clear();
    }
    if (!groups_.empty()) {
      ending_groups_.swap(groups_);
      core_.appended(ending_groups_, log_bytes_, now_);
      ending_groups_.clear();
      gather_.fill(log_queue_.pieces());
      log_queue_.drop_front(log_queue_.groups().size());
    }
  }
  [[nodiscard]] RouteState state() const { return core_.state(); }
  [[nodiscard]] std::size_t answered_bytes() const { return answered_; }

 private:
  static CoreSettings settings() {
    CoreSettings settings;
    settings.route.name = settings.route.topic = "telemetry";
    settings.route.drain_jitter = std::chrono::milliseconds(0);
    settings.route.buffer.max_bytes = std::uint64_t{1} << 40;
    return settings;
  }

  std::size_t submit(std::span<const sinks::OutMessage> messages) override {
    for (const sinks::OutMessage& message : messages) {
      sinks::Report report;
      report.token = message.token;
      report.partition = 1;
      report.offset = static_cast<std::int64_t>(message.token);
      reports_.push_back(report);
    }
    return messages.size();
  }
  Status append(std::span<const Bytes> group, std::uint64_t tag) override {
    const Frames frames(group);
    log_queue_.add({.entries = group.size(), .bytes = frames.bytes(), .tag = tag}, frames.pieces());
    groups_.push_back({tag, {}, {0, log_bytes_}, group.size()});
    log_bytes_ += frames.bytes();
    return {};
  }
  void resume_appends() override {}
  std::uint64_t disk_room() override { return std::numeric_limits<std::uint64_t>::max(); }
  void answer(std::shared_ptr<Request> request, Answer answer) override {
    request->on_answer(std::move(answer));
  }
  std::uint64_t random(std::uint64_t /*bound*/) override { return 0; }
  void begin_ids(const Request& /*request*/) override {}
  sinks::MessageId next_id() override {
    sinks::MessageId id;
    id.bytes[15] = static_cast<std::uint8_t>(++ids_);
    return id;
  }

  const std::string topic_ = "telemetry";
  const std::string value_ = std::string(value_bytes, 'x');
  const std::string headers_ = [] {
    std::string packed;
    sinks::pack_header(packed, "content-type", "application/octet-stream");
    return packed;
  }();
  Clock::time_point now_{std::chrono::hours(1)};
  Core core_;
  std::vector<sinks::Report> reports_, ending_reports_;
  std::vector<Appended> groups_, ending_groups_;
  GroupQueue log_queue_;
  Gather gather_;
  std::uint64_t log_bytes_ = 0;
  std::uint64_t ids_ = 0;
  std::size_t answered_ = 0;
};

int run(const std::string& which, std::size_t messages) {
  Path path;
  if (which == "direct") path.go_direct();
  if ((path.state() == RouteState::direct) != (which == "direct")) return 1;
  const std::uint64_t before = test::allocations();
  for (std::size_t i = 0; i < messages; ++i) {
    path.send();
    if (i % together == together - 1) path.end();
  }
  path.end();
  if (path.answered_bytes() < messages * 64) return 1;
  std::printf("%llu\n", static_cast<unsigned long long>(test::allocations() - before));
  return 0;
}

}  // namespace
}  // namespace rebuf::daemon

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "message_cost direct|buffered MESSAGES\n");
    return 2;
  }
  return rebuf::daemon::run(argv[1], std::strtoull(argv[2], nullptr, 10));
}
