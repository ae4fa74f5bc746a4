// One rule of the window a test.
#include "daemon/idempotency/key_window.h"

#include <doctest/doctest.h>

#include "clients.h"

namespace rebuf::daemon::idempotency_test {
namespace {

using namespace idempotency;
using namespace std::chrono_literals;
using Begun = KeyWindow::Begun;

constexpr KeyLimits roomy{10min, 1000, 1U << 20};

struct Harness {
  explicit Harness(KeyLimits limits = roomy) : window(limits) {}

  Begun begin(const std::string& key, const std::shared_ptr<Client>& client,
              std::string_view body = "body") {
    KeyWindow::Answers answers;
    const Begun begun = window.begin(key, of_body(body), client, now, answers);
    deliver(answers);
    return begun;
  }
  void answered(const std::string& key, const Answer& answer) {
    KeyWindow::Answers answers;
    window.answered(key, answer, answers);
    deliver(answers);
  }
  void write() {
    const std::vector<std::string> records = window.unwritten(100, wall);
    log.insert(log.end(), records.begin(), records.end());
    KeyWindow::Answers answers;
    window.written(records.size(), now, answers);
    deliver(answers);
  }
  void expire_clients() {
    KeyWindow::Answers answers;
    window.expire_clients(now, answers);
    deliver(answers);
  }
  // A whole request: new, delivered, written.
  void remember(const std::string& key, std::uint32_t id) {
    REQUIRE(begin(key, make_client()) == Begun::first);
    answered(key, delivered(id));
    write();
  }
  // What a repeat of it is told.
  std::optional<Answer> repeated(const std::string& key) {
    const auto client = make_client();
    const Begun begun = begin(key, client);
    CHECK(begun == Begun::repeated);
    return client->answer(0ms);
  }
  void wait(std::chrono::milliseconds time) {
    now += time;
    wall += time;
  }
  static void deliver(KeyWindow::Answers& answers) {
    for (auto& [request, answer] : answers) request->on_answer(std::move(answer));
  }

  KeyWindow window;
  Clock::time_point now{1h};
  std::chrono::system_clock::time_point wall{std::chrono::hours(400'000)};
  std::vector<std::string> log;
};

}  // namespace

TEST_CASE("a repeat of a delivered request is answered as the first was") {
  Harness harness;
  const auto first = make_client();
  CHECK(harness.begin("k", first) == Begun::first);
  harness.answered("k", delivered(1));
  harness.write();
  REQUIRE(first->answer(0ms));
  CHECK_FALSE(first->answer(0ms)->repeated);
  const auto told = harness.repeated("k");
  REQUIRE(told);
  CHECK(told->repeated);
  CHECK(encode_answer(*told) == encode_answer(delivered(1)));
  CHECK(harness.window.suppressed() == 1);
}

TEST_CASE("nobody is told of a 2xx before the record is written") {
  Harness harness;
  const auto first = make_client();
  CHECK(harness.begin("k", first) == Begun::first);
  harness.answered("k", delivered(1));
  CHECK(first->answers() == 0);
  const auto between = make_client();
  CHECK(harness.begin("k", between) == Begun::joined);
  CHECK(between->answers() == 0);
  harness.write();
  CHECK(first->answers() == 1);
  CHECK(between->answers() == 1);
}

TEST_CASE("repeats wait while the first runs, and all get its answer") {
  Harness harness;
  const auto first = make_client();
  const auto second = make_client();
  const auto third = make_client();
  CHECK(harness.begin("k", first) == Begun::first);
  CHECK(harness.begin("k", second) == Begun::joined);
  CHECK(harness.begin("k", third) == Begun::joined);
  harness.answered("k", delivered(9));
  harness.write();
  for (const auto& client : {first, second, third}) {
    REQUIRE(client->answers() == 1);
    CHECK(client->answer(0ms)->offset == 9);
    CHECK(client->answer(0ms)->repeated == (client != first));
  }
  CHECK(harness.window.suppressed() == 2);
}

TEST_CASE("a key with another body is refused, while the first runs and afterwards") {
  Harness harness;
  CHECK(harness.begin("k", make_client()) == Begun::first);
  CHECK(harness.begin("k", make_client("other"), "other") == Begun::other_body);
  harness.answered("k", delivered(1));
  CHECK(harness.begin("k", make_client("other"), "other") == Begun::other_body);
  harness.write();
  CHECK(harness.begin("k", make_client("other"), "other") == Begun::other_body);
  CHECK(harness.window.suppressed() == 0);
}

TEST_CASE("what was not answered 2xx is not remembered, and who waited is told the same at once") {
  for (const AnswerCode code : {AnswerCode::buffer_full, AnswerCode::sink_down,
                                AnswerCode::too_large, AnswerCode::outcome_unknown}) {
    CAPTURE(to_string(code));
    Harness harness;
    const auto first = make_client();
    const auto second = make_client();
    CHECK(harness.begin("k", first) == Begun::first);
    CHECK(harness.begin("k", second) == Begun::joined);
    harness.answered("k", refused(code));
    REQUIRE(first->answer(0ms));
    REQUIRE(second->answer(0ms));
    CHECK(second->answer(0ms)->code == code);
    CHECK_FALSE(second->answer(0ms)->repeated);
    CHECK(harness.window.suppressed() == 0);
    // Another body too: the key is free.
    CHECK(harness.begin("k", make_client("other"), "other") == Begun::first);
  }
}

TEST_CASE("a key is forgotten when its window is over, and not before") {
  Harness harness;
  harness.remember("k", 1);
  harness.wait(10min - 1ms);
  CHECK(harness.repeated("k"));
  harness.wait(1ms);
  CHECK(harness.begin("k", make_client("other"), "other") == Begun::first);
  CHECK(harness.window.remembered() == 0);
}

TEST_CASE("repeats do not make a key live longer") {
  Harness harness;
  harness.remember("k", 1);
  for (int i = 0; i < 5; ++i) {
    harness.wait(119s);
    CHECK(harness.repeated("k"));
  }
  harness.wait(5s);
  CHECK(harness.begin("k", make_client()) == Begun::first);
}

TEST_CASE("with max_keys the oldest goes, and the others stay") {
  Harness harness({10min, 3, 1U << 20});
  for (std::uint32_t i = 0; i < 5; ++i) harness.remember("k" + std::to_string(i), i);
  CHECK(harness.window.remembered() == 3);
  CHECK(harness.window.crowded_out() == 2);
  for (std::uint32_t i = 2; i < 5; ++i) {
    const auto told = harness.repeated("k" + std::to_string(i));
    REQUIRE(told);
    CHECK(told->offset == i);
  }
  CHECK(harness.begin("k0", make_client()) == Begun::first);
}

TEST_CASE("long keys and answers are bounded in bytes, but a single one is always kept") {
  Harness harness({10min, 1000, 2000});
  for (std::uint32_t i = 0; i < 50; ++i) {
    harness.remember(std::string(200, 'k') + std::to_string(i), i);
    CHECK(harness.window.bytes() <= 2000);
  }
  Answer large = delivered(1);
  large.refused.assign(100, {1, sinks::Refusal::invalid, std::string(200, 'd')});
  CHECK(harness.begin("large", make_client()) == Begun::first);
  harness.answered("large", large);
  harness.write();
  CHECK(harness.window.remembered() == 1);
  CHECK(harness.repeated("large"));
}

TEST_CASE("after a restart every written key is remembered for the rest of its window") {
  Harness before;
  before.remember("a", 1);
  before.wait(4min);
  before.remember("b", 2);
  before.wait(4min);

  Harness after;
  after.wall = before.wall;
  for (const std::string& record : before.log)
    after.window.restore(*decode_key_record(std::as_bytes(std::span(record))), after.now,
                         after.wall);
  REQUIRE(after.repeated("a"));
  CHECK(after.repeated("a")->offset == 1);
  after.wait(2min);
  CHECK(after.begin("a", make_client()) == Begun::first);
  CHECK(after.repeated("b"));
  after.wait(4min);
  CHECK(after.begin("b", make_client()) == Begun::first);
}

TEST_CASE("a clock that went back over a restart makes keys live longer, never shorter") {
  Harness before;
  before.remember("a", 1);
  Harness after;
  after.wall = before.wall - std::chrono::hours(24 * 365);
  after.window.restore(*decode_key_record(std::as_bytes(std::span(before.log[0]))), after.now,
                       after.wall);
  after.wait(10min - 1ms);
  CHECK(after.repeated("a"));
  after.wait(1ms);
  CHECK(after.begin("a", make_client()) == Begun::first);
}

TEST_CASE("of two records with one key the later counts, and the earlier takes no room") {
  Harness before;
  before.remember("a", 1);
  before.wait(11min);
  before.remember("a", 2);
  Harness after;
  after.wall = before.wall - 2min;  // the first is young again
  for (const std::string& record : before.log)
    after.window.restore(*decode_key_record(std::as_bytes(std::span(record))), after.now,
                         after.wall);
  CHECK(after.window.remembered() == 1);
  REQUIRE(after.repeated("a"));
  CHECK(after.repeated("a")->offset == 2);
  after.wait(10min);
  CHECK(after.begin("a", make_client()) == Begun::first);
  CHECK(after.window.bytes() == 0);
}

TEST_CASE("records are needed as long as a key of theirs or of an earlier one is remembered") {
  Harness harness({10min, 2, 1U << 20});
  CHECK(harness.window.oldest_needed() == 1);
  harness.remember("a", 1);
  harness.remember("b", 2);
  CHECK(harness.window.oldest_needed() == 1);
  harness.remember("c", 3);
  CHECK(harness.window.oldest_needed() == 2);
  harness.wait(10min);
  CHECK(harness.begin("d", make_client()) == Begun::first);
  CHECK(harness.window.oldest_needed() == 4);
  harness.answered("d", delivered(4));
  CHECK(harness.window.oldest_unwritten() == 4);
  CHECK(harness.window.oldest_needed() == 4);
}

TEST_CASE("who joined is answered by its own deadline, and the first is left to the route") {
  Harness harness;
  const auto first = make_client("body", harness.now + 1s);
  const auto second = make_client("body", harness.now + 1s);
  CHECK(harness.begin("k", first) == Begun::first);
  CHECK(harness.begin("k", second) == Begun::joined);
  harness.wait(999ms);
  harness.expire_clients();
  CHECK(second->answers() == 0);
  harness.wait(1ms);
  harness.expire_clients();
  CHECK(first->answers() == 0);
  REQUIRE(second->answers() == 1);
  CHECK(second->answer(0ms)->code == AnswerCode::outcome_unknown);
  CHECK(second->answer(0ms)->retry_after_s > 0);
  harness.answered("k", delivered(1));
  harness.write();
  CHECK(first->answers() == 1);
  CHECK(second->answers() == 1);
}

TEST_CASE("a disk that hangs holds no answer up beyond its deadline") {
  Harness harness;
  const auto first = make_client("body", harness.now + 1s);
  CHECK(harness.begin("k", first) == Begun::first);
  harness.answered("k", delivered(1));
  harness.wait(1s);
  harness.expire_clients();
  REQUIRE(first->answers() == 1);
  CHECK(first->answer(0ms)->code == AnswerCode::ok);
  CHECK(harness.begin("k", make_client()) == Begun::joined);
  harness.write();
  CHECK(first->answers() == 1);
  CHECK(harness.repeated("k"));
}

}  // namespace rebuf::daemon::idempotency_test
