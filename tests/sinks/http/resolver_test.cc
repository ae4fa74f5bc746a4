#include "sinks/http/resolver.h"

#include <doctest/doctest.h>

#include <atomic>
#include <future>
#include <thread>

namespace rebuf::sinks::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A system's resolver that answers when it is told to.
struct Slow {
  std::promise<void> answer;
  std::shared_future<void> answered = answer.get_future().share();
  std::shared_ptr<std::atomic<int>> calls = std::make_shared<std::atomic<int>>(0);
  [[nodiscard]] Resolver::LookUp how() const {
    return [answered = answered, calls = calls](const std::string&) {
      ++*calls;
      answered.wait();
      return Resolved{.addresses = {"192.0.2.1"}, .error = {}};
    };
  }
};

TEST_CASE("a numeric address needs no look-up") {
  for (const char* address : {"127.0.0.1", "::1"}) {
    Resolver resolver(address, [](const std::string&) -> Resolved {
      FAIL("looked up");
      return {};
    });
    CHECK(resolver.resolve(seconds(1)).addresses == std::vector<std::string>{address});
  }
}

TEST_CASE("the system's resolver knows this host, and not every name") {
  CHECK_FALSE(Resolver("localhost").resolve(seconds(100)).addresses.empty());
  const Resolved nothing = Resolver("no-such-host.invalid").resolve(seconds(100));
  CHECK(nothing.addresses.empty());
  CHECK(nothing.error.find("no-such-host.invalid") != std::string::npos);
}

TEST_CASE("a look-up that hangs is left at the time-out, and the next one waits for the same") {
  Slow slow;
  Resolver resolver("example.org", slow.how());
  for (int i = 0; i < 3; ++i)
    CHECK(resolver.resolve(milliseconds(20)).error == "cannot resolve example.org in time");
  while (*slow.calls == 0) std::this_thread::yield();  // its thread may not have run yet
  CHECK(*slow.calls == 1);
  slow.answer.set_value();
  CHECK(resolver.resolve(seconds(100)).addresses == std::vector<std::string>{"192.0.2.1"});
}

TEST_CASE("a look-up that hangs is left when it is cut") {
  Slow slow;
  Resolver resolver("example.org", slow.how());
  auto resolved =
      std::async(std::launch::async, [&] { return resolver.resolve(std::chrono::minutes(10)); });
  const auto began = steady_clock::now();
  // As the keeper does it: again until it has an effect.
  while (resolved.wait_for(milliseconds(1)) != std::future_status::ready) resolver.cut();
  CHECK(resolved.get().addresses.empty());
  CHECK(steady_clock::now() - began < seconds(100));
  slow.answer.set_value();
}

TEST_CASE("a resolver may go while its look-up hangs") {
  Slow slow;
  CHECK_FALSE(Resolver("example.org", slow.how()).resolve(milliseconds(1)).error.empty());
  slow.answer.set_value();
}

}  // namespace
}  // namespace rebuf::sinks::http
