// Probes of a channel that rests, beside one whose messages arrive.
#include <atomic>

#include "sinks/dispatch/dispatcher.h"
#include "tests/sinks/recorder.h"

namespace rebuf::sinks::test {
namespace {

using dispatch::Verdict;
using std::chrono::steady_clock;

struct Willing final : dispatch::Transport {
  Verdict deliver(std::span<const OutMessage> batch) override {
    return {.result = dispatch::Result::delivered, .count = batch.size()};
  }
  Verdict probe() override {
    ++asked;
    return {.result = dispatch::Result::delivered};
  }
  void cut() override {}

  std::atomic<int> asked = 0;
};

TEST_CASE("a sink that has just taken another channel's message is not asked how it is") {
  auto made = std::make_unique<Willing>();
  Willing& willing = *made;
  std::vector<std::unique_ptr<dispatch::Transport>> transports;
  transports.push_back(std::move(made));
  dispatch::Dispatcher sink(
      dispatch::DispatchSettings{.name = "test", .batch = {.max_messages = 1}, .retry = {}},
      std::move(transports), [](LogLevel, std::string_view) {}, nullptr);
  Recorder at_rest;
  Recorder at_work;
  const auto resting = sink.attach({}, at_rest);
  const auto working = sink.attach({}, at_work);
  CHECK(at_rest.probe(*resting).up);  // it does not know yet
  CHECK(willing.asked == 1);
  // Unless the machine took longer than "just now" lasts, which says nothing.
  const auto deadline = steady_clock::now() + patience;
  for (std::size_t count = 1;; ++count) {
    REQUIRE(steady_clock::now() < deadline);
    Messages one("t");
    one.add(count, "message");
    const auto begin = steady_clock::now();
    const int before = willing.asked;
    REQUIRE(working->submit(one.list) == 1);
    at_work.wait_reports(count);
    CHECK(at_rest.probe(*resting).up);
    if (steady_clock::now() - begin > milliseconds(900)) continue;
    CHECK(willing.asked == before);
    break;
  }
  for (const auto& channel : {resting.get(), working.get()}) channel->stop(in(milliseconds(0)));
}

}  // namespace
}  // namespace rebuf::sinks::test
