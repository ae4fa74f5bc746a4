// The gate with its thread and its log in a directory of the test's own, before a route of the
// test's.
#include "daemon/idempotency/key_gate.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <thread>

#include "clients.h"
#include "tests/daemon/route/faulty_disk.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::daemon::idempotency_test {
namespace {

using namespace idempotency;
using namespace std::chrono_literals;

// Answers at once, or keeps requests until told.
class TestRoute final : public Route {
 public:
  bool keep = false;
  AnswerCode code = AnswerCode::ok;
  [[nodiscard]] std::uint32_t offers() const { return offers_; }
  [[nodiscard]] std::uint32_t patient_offers() const { return patient_offers_; }

  void offer(std::shared_ptr<Request> request) override {
    const std::uint32_t id = ++offers_;
    if (request->patient) ++patient_offers_;
    const std::lock_guard lock(mutex_);
    if (keep)
      kept_.emplace_back(std::move(request), id);
    else
      request->on_answer(code == AnswerCode::ok ? delivered(id) : refused(code));
  }
  void answer_kept() {
    const std::lock_guard lock(mutex_);
    for (auto& [request, id] : std::exchange(kept_, {})) request->on_answer(delivered(id));
  }

  const config::RouteConfig& config() const override { return config_; }
  RouteSnapshot snapshot() const override { return {}; }
  Readiness readiness() const override { return {true, {}}; }
  const RouteHistograms& histograms() const override { return histograms_; }
  bool making_progress() const override { return true; }

 private:
  const config::RouteConfig config_;
  const RouteHistograms histograms_;
  std::mutex mutex_;
  std::vector<std::pair<std::shared_ptr<Request>, std::uint32_t>> kept_;
  std::atomic<std::uint32_t> offers_{0};
  std::atomic<std::uint32_t> patient_offers_{0};
};

struct Harness {
  Harness() {
    settings.dir = directory.path() / "idempotency";
    settings.window = 10min;
    settings.max_keys = 1000;
    settings.logger = [this](LogLevel, std::string_view text) {
      const std::lock_guard lock(mutex);
      said += std::string(text) + "\n";
    };
  }
  void open() { gate = std::make_unique<KeyGate>(settings, writer); }
  // As after a SIGKILL or a stop: what the log has is all that is left.
  void open_again() {
    gate.reset();
    open();
  }
  std::shared_ptr<Client> ask(const std::string& key, const std::string& body = "body",
                              Clock::time_point deadline = Clock::time_point::max()) {
    auto client = make_client(body, deadline);
    gate->offer(key, of_body(body), client, route);
    return client;
  }
  Answer answer_to(const std::string& key, const std::string& body = "body") {
    const auto answer = ask(key, body)->answer();
    REQUIRE(answer);
    return *answer;
  }
  [[nodiscard]] std::uint64_t disk_bytes() const {
    std::uint64_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(settings.dir))
      if (std::error_code gone; entry.is_regular_file(gone))
        if (const auto size = entry.file_size(gone); !gone) bytes += size;
    return bytes;
  }
  [[nodiscard]] std::string all_said() {
    const std::lock_guard lock(mutex);
    return said;
  }

  const test::TemporaryDirectory directory;
  KeyGateSettings settings;
  std::mutex mutex;
  std::string said;  // guarded by mutex
  TestRoute route;
  KeyWriter writer;
  std::unique_ptr<KeyGate> gate;
};

}  // namespace

TEST_CASE_FIXTURE(Harness, "a repeat is answered as the first was, also after a restart") {
  open();
  const Answer first = answer_to("k");
  CHECK_FALSE(first.repeated);
  for (int start = 0; start < 3; ++start) {
    const Answer again = answer_to("k");
    CHECK(again.repeated);
    CHECK(encode_answer(again) == encode_answer(first));
    CHECK(answer_to("k", "other").code == AnswerCode::key_reused);
    open_again();
  }
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Harness, "a first comes to the route as patient as it was") {
  open();
  for (const bool patient : {true, false}) {
    const auto client = make_client();
    client->patient = patient;
    gate->offer(patient ? "p" : "i", of_body("body"), client, route);
    REQUIRE(client->answer());
  }
  CHECK(route.offers() == 2);
  CHECK(route.patient_offers() == 1);
}

TEST_CASE_FIXTURE(Harness, "without a key that was answered there is no directory") {
  open();
  route.code = AnswerCode::buffer_full;
  CHECK(answer_to("k").code == AnswerCode::buffer_full);
  open_again();
  CHECK_FALSE(std::filesystem::exists(settings.dir));
}

TEST_CASE_FIXTURE(Harness, "many clients ask for one key at once: one request, one answer") {
  open();
  route.keep = true;
  std::vector<std::shared_ptr<Client>> clients(16);
  std::vector<std::thread> threads;
  for (auto& client : clients) threads.emplace_back([&] { client = ask("k"); });
  for (std::thread& thread : threads) thread.join();
  CHECK(route.offers() == 1);
  route.answer_kept();
  std::size_t repeats = 0;
  for (const auto& client : clients) {
    const auto answer = client->answer();
    REQUIRE(answer);
    CHECK(answer->offset == 1);
    repeats += answer->repeated ? 1 : 0;
    CHECK(client->answers() == 1);
  }
  CHECK(repeats == 15);
  CHECK(gate->suppressed() == 15);
}

TEST_CASE_FIXTURE(Harness, "many threads with many keys: each key is forwarded once") {
  open();
  constexpr std::size_t keys = 200;
  std::vector<std::thread> threads;
  std::atomic<std::size_t> wrong{0};
  std::array<std::atomic<std::int64_t>, keys> offsets{};
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (std::size_t i = 0; i < keys; ++i) {
        const std::size_t key = (i + t * 37) % keys;
        const auto answer = ask("key " + std::to_string(key))->answer();
        std::int64_t none = 0;
        if (!answer || (!offsets.at(key).compare_exchange_strong(none, answer->offset) &&
                        none != answer->offset))
          ++wrong;
      }
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(wrong == 0);
  CHECK(route.offers() == keys);
  CHECK(gate->suppressed() == 3 * keys);
}

TEST_CASE_FIXTURE(Harness, "what a killed process left counts: no orderly end is needed") {
  open();
  const Answer first = answer_to("k");
  // The answer is out, so the record is in the file. A copy is what the next process would find.
  const auto copy = directory.path() / "copy";
  std::filesystem::copy(settings.dir, copy, std::filesystem::copy_options::recursive);
  gate.reset();
  settings.dir = copy;
  open();
  CHECK(encode_answer(answer_to("k")) == encode_answer(first));
  CHECK(route.offers() == 1);
}

TEST_CASE_FIXTURE(Harness, "keys, memory and disk are bounded, and what is too old is purged") {
  settings.max_keys = 100;
  open();
  const std::string key(200, 'k');
  std::uint64_t most = 0;
  for (int i = 0; i < 5000; ++i) {
    CHECK(answer_to(key + std::to_string(i)).offset == i + 1);
    if (i % 100 == 0) most = std::max(most, disk_bytes());
  }
  CHECK(most < 100 * config::idempotency_bytes_per_key + 3 * (64U << 10));
  CHECK(answer_to(key + "4999").repeated);
  CHECK(answer_to(key + "4950").repeated);
  CHECK_FALSE(answer_to(key + "4000").repeated);
  CHECK(all_said().find("max_keys") != std::string::npos);
  open_again();
  CHECK(answer_to(key + "4999").repeated);
  CHECK_FALSE(answer_to(key + "100").repeated);
}

TEST_CASE_FIXTURE(Harness, "a directory that cannot be used is told; keys are kept in memory") {
  std::ofstream(settings.dir) << "a file where the directory should be";
  open();
  const Answer first = answer_to("k");
  CHECK(first.code == AnswerCode::ok);
  CHECK(encode_answer(answer_to("k")) == encode_answer(first));
  CHECK(all_said().find("in memory alone") != std::string::npos);
  open_again();
  CHECK_FALSE(answer_to("k").repeated);
}

TEST_CASE_FIXTURE(Harness, "a failed sync is told, and the log is opened again and goes on") {
  FaultyDisk files;
  settings.file_system = &files;
  open();
  answer_to("before");
  files.fail_next_sync = true;
  const auto deadline = Clock::now() + 100s;
  while (files.fail_next_sync && Clock::now() < deadline) std::this_thread::sleep_for(1ms);
  REQUIRE_FALSE(files.fail_next_sync);
  // Until one is in the log that was opened again.
  int asked = 0;
  std::uint64_t before = 0;
  do {
    before = disk_bytes();
    answer_to("after " + std::to_string(++asked));
    std::this_thread::sleep_for(1ms);
  } while (disk_bytes() <= before && Clock::now() < deadline);
  const std::string last = "after " + std::to_string(asked);
  CHECK(all_said().find("in memory alone") != std::string::npos);
  open_again();
  CHECK(answer_to("before").repeated);
  CHECK(answer_to(last).repeated);
}

TEST_CASE_FIXTURE(Harness, "a damaged record costs its own key alone") {
  open();
  for (const char* key : {"a", "b", "c"}) answer_to(key);
  gate.reset();
  const auto file = settings.dir / "log" / "rebuf.tmp";
  {
    std::fstream stream(file, std::ios::binary | std::ios::in | std::ios::out);
    stream.seekp(static_cast<std::streamoff>(std::filesystem::file_size(file) / 2));
    stream.write("damaged", 7);
  }
  open();
  CHECK(answer_to("a").repeated);
  CHECK_FALSE(answer_to("b").repeated);
  CHECK(answer_to("c").repeated);
}

TEST_CASE_FIXTURE(Harness, "who joined is answered by its own deadline") {
  open();
  route.keep = true;
  const auto first = ask("k");
  const auto second = ask("k", "body", Clock::now());
  gate->expire_clients(Clock::now());
  const auto answer = second->answer(0ms);
  REQUIRE(answer);
  CHECK(answer->code == AnswerCode::outcome_unknown);
  route.answer_kept();
  REQUIRE(first->answer());
  CHECK(first->answer()->code == AnswerCode::ok);
}

}  // namespace rebuf::daemon::idempotency_test
