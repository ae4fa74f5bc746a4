// A recall while a batch is on its way, with a transport that a test answers for.
#include <future>

#include "sinks/dispatch/dispatcher.h"
#include "tests/sinks/recorder.h"

namespace rebuf::sinks::test {
namespace {

using dispatch::Verdict;

// Delivers when it is told to; counts the cuts.
struct Slow final : dispatch::Transport {
  Verdict deliver(std::span<const OutMessage> batch) override {
    arrived.set_value();
    answered.get_future().wait();
    return {.result = dispatch::Result::delivered, .count = batch.size()};
  }
  Verdict probe() override { return {.result = dispatch::Result::delivered}; }
  void cut() override { ++cuts; }

  std::promise<void> arrived;
  std::promise<void> answered;
  std::atomic<int> cuts = 0;
};

// Three messages, in batches of two, recalled when the first batch is on its way.
struct Recalled {
  explicit Recalled(milliseconds grace) {
    auto made = std::make_unique<Slow>();
    slow = made.get();
    std::vector<std::unique_ptr<dispatch::Transport>> transports;
    transports.push_back(std::move(made));
    sink = std::make_unique<dispatch::Dispatcher>(
        dispatch::DispatchSettings{
            .name = "test", .batch = {.max_messages = 2}, .recall_grace = grace, .retry = {}},
        std::move(transports), [](LogLevel, std::string_view) {}, nullptr);
    channel = sink->attach({}, recorder);
    messages.add_numbered(3);
    REQUIRE(channel->submit(messages.list) == 3);
    slow->arrived.get_future().wait();
    channel->recall();
  }
  void reopen() {
    slow->answered.set_value();
    recorder.wait("reopened", [&] { return recorder.reopened == 1; });
  }

  Messages messages{"t"};
  Recorder recorder;
  Slow* slow = nullptr;
  std::unique_ptr<dispatch::Dispatcher> sink;
  std::unique_ptr<Channel> channel;
};

TEST_CASE("what is answered within the grace of a recall is delivered, what follows comes back") {
  Recalled recalled(std::chrono::hours(1));
  recalled.reopen();
  CHECK(recalled.slow->cuts == 0);
  CHECK(recalled.recorder.by_token[1].outcome == Outcome::delivered);
  CHECK(recalled.recorder.by_token[2].outcome == Outcome::delivered);
  CHECK(recalled.recorder.by_token[3].outcome == Outcome::given_back);
}

TEST_CASE("what is not answered within the grace of a recall is cut, again and again") {
  Recalled recalled(milliseconds(1));
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (recalled.slow->cuts < 3) REQUIRE(std::chrono::steady_clock::now() < deadline);
  recalled.reopen();
  CHECK(recalled.recorder.count(Outcome::delivered) == 2);
}

}  // namespace
}  // namespace rebuf::sinks::test
