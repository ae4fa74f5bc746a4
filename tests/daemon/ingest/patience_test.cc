// Whose clients can wait a millisecond for each other: at made-up times, and at the real face.
#include "daemon/ingest/patience.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <vector>

#include "harness.h"

namespace rebuf::daemon::ingest_test {
namespace {

using ingest::Patience;

// Clients on one connection thread that each come again and again.
class Crowd {
 public:
  struct Requests {  // as they were told to be
    std::size_t patient = 0;
    std::size_t impatient = 0;
  };
  // From the moment a client comes until it comes again.
  using Interval = std::function<Clock::duration(bool patient)>;

  // They begin evenly spread over `spread`.
  Crowd(std::size_t count, Clock::duration spread) : clients_(count) {
    for (std::size_t i = 0; i < count; ++i)
      clients_[i].next = now_ + spread * static_cast<int>(i) / static_cast<int>(count);
  }
  // All that come within `time`.
  Requests come(Clock::duration time, const Interval& interval) {
    Requests requests;
    const Clock::time_point end = now_ + time;
    while (true) {
      const auto client = std::ranges::min_element(clients_, {}, &Client::next);
      if (client->next >= end) break;
      const bool patient =
          patience_.note(client->seen_in, client->next, ++own_ + others(client->next));
      ++(patient ? requests.patient : requests.impatient);
      client->next += interval(patient);
    }
    now_ = end;
    return requests;
  }
  // Nobody comes; then they go on as they were.
  void be_silent(Clock::duration time) {
    now_ += time;
    for (Client& client : clients_) client.next += time;
  }
  // One more comes now; its first byte came before.
  bool one_comes(Clock::duration before) {
    std::uint32_t seen_in = 0;
    return patience_.note(seen_in, now_ - before, ++own_ + others(now_));
  }
  // On other connection threads, from the beginning on.
  void let_others_come(std::uint64_t a_millisecond) { others_ = a_millisecond; }

 private:
  struct Client {
    std::uint32_t seen_in = 0;
    Clock::time_point next;
  };
  [[nodiscard]] std::uint64_t others(Clock::time_point now) const {
    return others_ * static_cast<std::uint64_t>(now.time_since_epoch() / 1ms);
  }
  Patience patience_;
  std::uint64_t own_ = 0;
  std::uint64_t others_ = 0;
  Clock::time_point now_{1h};
  std::vector<Client> clients_;
};

Crowd::Interval every(Clock::duration interval) {
  return [=](bool) { return interval; };
}
// As soon as they are answered: `answer` later, and a millisecond more when they had to wait.
Crowd::Interval closed_loop(Clock::duration answer) {
  return [=](bool patient) { return answer + (patient ? 1ms : 0ms); };
}

constexpr auto settling = 150ms;  // the first windows

void check_patient(Crowd& crowd, const Crowd::Interval& interval) {
  crowd.come(settling, interval);
  const Crowd::Requests requests = crowd.come(500ms, interval);
  CHECK(requests.patient > 6 * requests.impatient);  // one doubt in ten windows, faster
}

void check_impatient(Crowd& crowd, const Crowd::Interval& interval) {
  const Crowd::Requests requests = crowd.come(500ms, interval);
  CHECK(requests.patient == 0);
  CHECK(requests.impatient > 0);
}

// A patient crowd of 16 with 5,000 requests a second.
Crowd patient_crowd() {
  Crowd crowd(16, 3200us);
  check_patient(crowd, every(3200us));
  return crowd;
}

}  // namespace

TEST_CASE("one client that comes as soon as it is answered is not patient") {
  Crowd crowd(1, 0ms);
  check_impatient(crowd, closed_loop(200us));
}

TEST_CASE("64 clients that come as soon as they are answered are not patient") {
  Crowd crowd(64, 900us);
  check_impatient(crowd, closed_loop(900us));
}

TEST_CASE("64 clients are impatient again after a halt has made them look patient") {
  Crowd crowd(64, 900us);
  check_impatient(crowd, closed_loop(900us));
  CHECK(crowd.come(settling, every(5ms)).patient > 0);
  crowd.come(settling, closed_loop(900us));
  check_impatient(crowd, closed_loop(900us));
}

TEST_CASE("clients of which waiting hides that they hurry are found out soon after a halt") {
  struct Clients {
    std::size_t count;
    Clock::duration answer;
  };
  for (const Clients clients : {Clients{8, 2000us}, Clients{64, 1500us}}) {
    CAPTURE(clients.count);
    const Crowd::Interval hurried = closed_loop(clients.answer);
    Crowd crowd(clients.count, clients.answer);
    check_impatient(crowd, hurried);
    CHECK(crowd.come(settling, every(5ms)).patient > 0);
    CHECK(crowd.come(50ms, hurried).patient > 0);
    crowd.come(300ms, hurried);
    check_impatient(crowd, hurried);
  }
}

TEST_CASE("clients that prove patient again and again are doubted more and more seldom") {
  constexpr auto interval = 3200us;
  constexpr std::size_t in_a_window = 16 * (50ms / interval);
  Crowd crowd(16, interval);
  crowd.come(settling, every(interval));
  CHECK(crowd.come(300ms, every(interval)).impatient > 0);
  crowd.come(10s, every(interval));
  const std::size_t doubts = crowd.come(10 * 65 * 50ms, every(interval)).impatient / in_a_window;
  CHECK(doubts >= 9);
  CHECK(doubts <= 11);
  // Once they have hurried, all is as at first.
  crowd.come(settling, closed_loop(200us));
  crowd.come(settling, every(interval));
  CHECK(crowd.come(300ms, every(interval)).impatient > 0);
}

TEST_CASE("clients that were patient for long, and of which waiting hides that they hurry now") {
  Crowd crowd(64, 5ms);
  crowd.come(60s, every(5ms));
  crowd.come(3400ms, closed_loop(1500us));  // 65 windows and some
  check_impatient(crowd, closed_loop(1500us));
}

TEST_CASE("256 clients that come as soon as they are answered are patient") {
  Crowd crowd(256, 3600us);
  check_patient(crowd, closed_loop(3600us));
}

TEST_CASE("16 clients with 5,000 requests a second between them are patient") { patient_crowd(); }

TEST_CASE("16 clients that all come at once, every 3.2 ms, are patient") {
  Crowd crowd(16, 0ms);
  check_patient(crowd, every(3200us));
}

TEST_CASE("clients of which most come in no window are patient when there are enough") {
  Crowd crowd(2000, 1s);
  check_patient(crowd, every(1s));
}

TEST_CASE("a few clients that come seldom are not patient: nobody would join them") {
  Crowd crowd(5, 50ms);
  check_impatient(crowd, every(50ms));
}

TEST_CASE("the same clients are patient when many come on other threads") {
  Crowd crowd(5, 50ms);
  crowd.let_others_come(2);
  check_patient(crowd, every(50ms));
}

TEST_CASE("after a silence nobody is patient until a window has been counted") {
  Crowd crowd = patient_crowd();
  crowd.be_silent(200ms);
  check_impatient(crowd, every(100ms));
  crowd = patient_crowd();
  crowd.be_silent(200ms);
  CHECK(crowd.come(50ms, every(3200us)).patient == 0);
  check_patient(crowd, every(3200us));
}

TEST_CASE("between the bounds clients remain as they were") {
  Crowd crowd(64, 2600us);
  check_impatient(crowd, every(2600us));
  check_patient(crowd, every(3000us));
  check_patient(crowd, every(2600us));
  crowd.come(settling, every(2200us));
  check_impatient(crowd, every(2200us));
  check_impatient(crowd, every(2600us));
}

TEST_CASE("a request that took long to come whole changes nothing for the others") {
  Crowd crowd = patient_crowd();
  CHECK(crowd.one_comes(5s));
  check_patient(crowd, every(3200us));
}

// At the real face: what the route is told.
struct Told : Harness {
  Told() {
    http.threads = 1;
    route.answer = [this](const Request& request) {
      ++(request.patient ? patient : impatient);
      Answer answer;
      answer.delivered = 1;
      return answer;
    };
  }
  ~Told() {
    if (server != nullptr) server->stop();
    server.reset();
  }
  std::atomic<std::size_t> patient{0};
  std::atomic<std::size_t> impatient{0};
};

TEST_CASE_FIXTURE(Told, "a request that comes alone is offered as impatient") {
  start();
  CHECK(connect().post("/ingest/r", "x").status == 200);
  CHECK(impatient == 1);
  CHECK(patient == 0);
}

// More of them than can be answered in 2 ms; the pause between two checks is 2 ms more.
TEST_CASE_FIXTURE(Told, "requests of many clients that come seldom are offered as patient") {
  start();
  std::vector<Client> clients;
  for (int i = 0; i < 128; ++i) clients.push_back(connect());
  const std::string text = post_text("/ingest/r", "x");
  CHECK(eventually([&] {
    for (Client& client : clients) REQUIRE(client.send(text));
    for (Client& client : clients) REQUIRE(client.receive().status == 200);
    return patient > 0;
  }));
}

}  // namespace rebuf::daemon::ingest_test
