// Posts numbered messages (numbered.h) as fast as they are answered, one thread a connection, and
// writes down which were answered 2xx: a line `CONNECTION FIRST COUNT` each time in a row. A
// request that was refused or whose connection broke is not sent again: nobody knows what became of
// it. A connection is a Kafka key, for those who ask for one. Prints one line of JSON.
//   numbered_load PORT PATH FORM BYTES COUNT CONNECTIONS SECONDS LEDGER
// FORM: single; lines (NDJSON); otlp; objects (a JSON array of {"p": VALUE}). COUNT messages a
// request.
#include <httplib.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bench/numbered.h"

namespace {

using Clock = std::chrono::steady_clock;
using rebuf::bench::Numbered;

struct Form {
  std::string_view name, content_type, head, before, after, between, tail;
};

constexpr std::array forms{
    Form{"single", "application/octet-stream", "", "", "", "", ""},
    Form{"lines", "application/x-ndjson", "", "\"", "\"\n", "", ""},
    Form{"otlp", "application/json", R"({"resourceLogs":[{"scopeLogs":[{"logRecords":[)",
         R"({"body":{"stringValue":")", R"("}})", ",", "]}]}]}"},
    Form{"objects", "application/json", "[", R"({"p":")", R"("})", ",", "]"},
};

struct Settings {
  int port;
  std::string path;
  const Form* form;
  std::size_t bytes;
  std::uint32_t count;
  std::uint32_t connections;
  Clock::time_point begin, end;
};

// What the connections share.
struct Tally {
  explicit Tally(std::size_t seconds) : accepted_per_100ms(seconds * 10 + 1) {}
  std::vector<std::atomic<std::uint64_t>> accepted_per_100ms;
  std::atomic<std::uint64_t> refused{0}, broken{0};  // requests
};

struct Run {
  std::uint32_t first, count;
};

std::string body(const Settings& settings, Numbered first) {
  const Form& form = *settings.form;
  std::string text(form.head);
  for (std::uint32_t i = 0; i < settings.count; ++i) {
    if (i != 0) text += form.between;
    text += form.before;
    text += rebuf::bench::numbered_value({first.connection, first.number + i}, settings.bytes);
    text += form.after;
  }
  return text += form.tail;
}

std::vector<Run> post(const Settings& settings, std::uint32_t connection, Tally& tally) {
  httplib::Client client("127.0.0.1", settings.port);
  client.set_keep_alive(true);
  client.set_tcp_nodelay(true);
  const httplib::Headers headers{{"Rebuf-Key", std::to_string(connection)}};
  std::vector<Run> accepted;
  for (std::uint32_t next = 0; Clock::now() < settings.end; next += settings.count) {
    const auto answer = client.Post(settings.path, headers, body(settings, {connection, next}),
                                    std::string(settings.form->content_type));
    if (!answer || answer->status / 100 != 2) {
      ++(answer ? tally.refused : tally.broken);
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
      continue;
    }
    const auto slice =
        static_cast<std::size_t>((Clock::now() - settings.begin) / std::chrono::milliseconds(100));
    tally.accepted_per_100ms[std::min(slice, tally.accepted_per_100ms.size() - 1)] +=
        settings.count;
    if (!accepted.empty() && accepted.back().first + accepted.back().count == next)
      accepted.back().count += settings.count;
    else
      accepted.push_back({next, settings.count});
  }
  return accepted;
}

void print(const Tally& tally, std::int64_t begin_ms) {
  std::uint64_t accepted = 0;
  std::string slices;
  for (const auto& slice : tally.accepted_per_100ms) {
    accepted += slice;
    slices += (slices.empty() ? "" : ", ") + std::to_string(slice);
  }
  std::printf(
      "{\"begin_ms\": %lld, \"accepted\": %llu, \"refused\": %llu, \"broken\": %llu, "
      "\"accepted_per_100ms\": [%s]}\n",
      static_cast<long long>(begin_ms), static_cast<unsigned long long>(accepted),
      static_cast<unsigned long long>(tally.refused), static_cast<unsigned long long>(tally.broken),
      slices.c_str());
}

const Form* form_called(std::string_view name) {
  for (const Form& form : forms)
    if (form.name == name) return &form;
  return nullptr;
}

}  // namespace

int main(int argc, char** argv) {
  const Form* form = argc == 9 ? form_called(argv[3]) : nullptr;
  if (form == nullptr) {
    std::fprintf(stderr, "numbered_load PORT PATH FORM BYTES COUNT CONNECTIONS SECONDS LEDGER\n");
    return 2;
  }
  const auto number = [&](int at) { return static_cast<std::uint32_t>(std::atoi(argv[at])); };
  const auto begin = Clock::now();
  const auto begin_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
  const Settings settings{
      std::atoi(argv[1]), argv[2],   form,  number(4),
      number(5),          number(6), begin, begin + std::chrono::seconds(number(7))};
  Tally tally(number(7));
  std::vector<std::vector<Run>> accepted(settings.connections);
  std::vector<std::thread> threads;
  for (std::uint32_t i = 0; i < settings.connections; ++i)
    threads.emplace_back([&, i] { accepted[i] = post(settings, i, tally); });
  for (std::thread& thread : threads) thread.join();

  std::FILE* ledger = std::fopen(argv[8], "w");
  if (ledger == nullptr) return 1;
  for (std::uint32_t i = 0; i < settings.connections; ++i)
    for (const Run& run : accepted[i]) std::fprintf(ledger, "%u %u %u\n", i, run.first, run.count);
  if (std::fclose(ledger) != 0) return 1;
  print(tally, begin_ms);
  return 0;
}
