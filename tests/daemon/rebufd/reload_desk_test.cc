#include "daemon/reload_desk.h"

#include <doctest/doctest.h>
#include <pthread.h>

#include <chrono>
#include <csignal>
#include <future>

namespace rebuf::daemon::rebufd_test {
namespace {

// SIGHUP, by which the desk says that somebody asked, waits for this test to take it.
struct Asked {
  Asked() {
    sigemptyset(&hangup);
    sigaddset(&hangup, SIGHUP);
    pthread_sigmask(SIG_BLOCK, &hangup, &before);
  }
  ~Asked() { pthread_sigmask(SIG_SETMASK, &before, nullptr); }
  Asked(const Asked&) = delete;
  Asked& operator=(const Asked&) = delete;

  // Returns when it has asked, and waits.
  std::future<std::optional<ReloadOutcome>> ask() {
    auto answer = std::async(std::launch::async, [this] { return desk.reload(); });
    int signal = 0;
    REQUIRE(sigwait(&hangup, &signal) == 0);
    return answer;
  }

  sigset_t hangup{}, before{};
  ReloadDesk desk;
};

// Less than the desk's own patience.
constexpr std::chrono::seconds patience{20};

}  // namespace

TEST_CASE_FIXTURE(Asked, "who asks while a reload runs is answered by the next one") {
  desk.begin();
  auto answer = ask();
  desk.end({true, {}, {"first"}, {}, {}});
  CHECK(answer.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  desk.begin();
  desk.end({true, {}, {"second"}, {}, {}});
  REQUIRE(answer.wait_for(patience) == std::future_status::ready);
  const auto outcome = answer.get();
  REQUIRE(outcome);
  CHECK(outcome->added == std::vector<std::string>{"second"});
}

TEST_CASE_FIXTURE(Asked, "who waits for a reload when rebufd stops hears so at once") {
  auto answer = ask();
  desk.close();
  REQUIRE(answer.wait_for(patience) == std::future_status::ready);
  CHECK_FALSE(answer.get());
  CHECK_FALSE(desk.reload());
}

}  // namespace rebuf::daemon::rebufd_test
