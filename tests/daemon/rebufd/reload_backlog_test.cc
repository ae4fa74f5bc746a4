// Reload of routes in which something waits: nothing is lost, and what has no route is told.
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <thread>

#include "harness.h"

namespace rebuf::daemon::rebufd_test {
namespace {

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

struct Reloading : Rebufd {
  // Sinks `down`, until mend(), and `up`, each into a file of its name.
  void routes(const std::string& routes) {
    configure("sinks:\n  down: { type: file, path: " + (place / "down").string() +
              " }\n  up: { type: file, path: " + (directory.path() / "up").string() +
              " }\nroute_defaults: { drain: { jitter: 0s } }\nroutes:\n" + routes);
  }
  void mend() { std::filesystem::create_directory(place); }
  [[nodiscard]] std::vector<std::string> down() const { return lines_of(place / "down"); }
  [[nodiscard]] std::vector<std::string> up() const { return lines_of(directory.path() / "up"); }
  void reload() {
    const test::Finished done = rebufctl({"reload"});
    CHECK_MESSAGE(done.code == 0, done.errors);
  }
  // Messages "FROM" to "TO", of which none must be refused; their ids are new.
  void post_some(const std::string& path, int from, int to) {
    auto http = ingest();
    http.set_keep_alive(true);
    for (int i = from; i <= to; ++i) {
      const auto answer = http.Post(path, std::to_string(i), "text/plain");
      REQUIRE(answer);
      CHECK(answer->status < 300);
      CHECK(ids.insert(nlohmann::json::parse(answer->body)["id"]).second);
    }
  }

  // Whether a request with this key is answered as an earlier one was.
  [[nodiscard]] bool repeated(const std::string& path, const std::string& key = "k") const {
    const auto answer =
        ingest().Post(path, httplib::Headers{{"Idempotency-Key", key}}, "once", "text/plain");
    REQUIRE(answer);
    CHECK(answer->status < 300);
    return answer->get_header_value("Idempotent-Replayed") == "true";
  }

  const std::filesystem::path place = directory.path() / "place";
  std::set<std::string> ids;
};

std::vector<std::string> numbers(int from, int to) {
  std::vector<std::string> texts;
  for (int i = from; i <= to; ++i) texts.push_back(std::to_string(i));
  return texts;
}

}  // namespace

TEST_CASE_FIXTURE(
    Reloading, "a removed route's backlog is orphaned, said everywhere, and comes back with it") {
  routes("  r: { sink: up }\n  s: { sink: down }\n");
  start();
  post_some("/ingest/s", 1, 20);
  routes("  r: { sink: up }\n");
  reload();
  CHECK(post("/ingest/s", "x") == 404);
  const auto told = [&] {
    const std::string dir = (data / "s").string();
    const nlohmann::json orphans = status()["orphans"];
    REQUIRE(orphans.size() == 1);
    CHECK(orphans[0]["name"] == "s");
    CHECK(orphans[0]["directory"] == dir);
    CHECK(orphans[0]["backlog_messages"] == 20);
    program->wait_for_error("orphaned: 20 messages (");
    CHECK(has(rebufctl({"status"}).output, "orphaned s: 20 messages ("));
  };
  told();
  CHECK(stop() == 0);
  start();
  told();
  CHECK(post("/ingest/r", "x") < 300);

  routes("  r: { sink: up }\n  s: { sink: down }\n");
  reload();
  CHECK(status()["orphans"].empty());
  post_some("/ingest/s", 21, 30);
  mend();
  CHECK(eventually([&] { return down().size() >= 30; }));
  CHECK(down() == numbers(1, 30));
  CHECK(status()["routes"][1]["totals"]["accepted"] == 30);
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading, "a removed route in which nothing waits is no orphan") {
  mend();
  routes("  r: { sink: up }\n  s: { sink: down }\n");
  start();
  post_some("/ingest/s", 1, 5);
  CHECK(eventually([&] { return down().size() == 5; }));
  CHECK(eventually([&] { return measures("rebufd_backlog_messages{route=\"s\"} 0"); }));
  routes("  r: { sink: up }\n");
  reload();
  CHECK(status()["orphans"].empty());
  std::filesystem::create_directories(data / "foreign" / "log");
  reload();
  CHECK(status()["orphans"].empty());
  CHECK(std::filesystem::is_empty(data / "foreign" / "log"));
  routes("  r: { sink: up }\n  s: { sink: down }\n");
  reload();
  post_some("/ingest/s", 6, 10);
  CHECK(eventually([&] { return down().size() >= 10; }));
  CHECK(down() == numbers(1, 10));
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading, "a removed route in which only dead letters stand is an orphan") {
  httplib::Server refuses;
  refuses.Post("/",
               [](const httplib::Request&, httplib::Response& answer) { answer.status = 400; });
  const int port = refuses.bind_to_any_port("127.0.0.1");
  std::thread server([&] { refuses.listen_after_bind(); });
  const auto with = [&](const std::string& other) {
    configure("sinks:\n  hook: { type: http, url: \"http://127.0.0.1:" + std::to_string(port) +
              "/\" }\nroutes:\n  r: { sink: hook }\n" + other);
  };
  with("  s: { sink: hook, ack: buffered, drain: { jitter: 0s } }\n");
  start();
  post_some("/ingest/s", 1, 2);
  CHECK(eventually([&] { return measures("rebufd_dead_letter_messages{route=\"s\"} 2"); }));
  CHECK(eventually([&] { return measures("rebufd_backlog_messages{route=\"s\"} 0"); }));
  with("");
  reload();
  const nlohmann::json orphans = status()["orphans"];
  REQUIRE(orphans.size() == 1);
  CHECK(orphans[0]["name"] == "s");
  CHECK(orphans[0]["backlog_messages"] == 0);
  CHECK(orphans[0]["dead_letter_messages"] == 2);
  CHECK(stop() == 0);
  refuses.stop();
  server.join();
}

TEST_CASE_FIXTURE(Reloading, "orphaned dead letters that cannot be read are said to be so") {
  mend();
  routes("  r: { sink: up }\n  s: { sink: down }\n");
  start();
  post_some("/ingest/s", 1, 5);
  CHECK(eventually([&] { return measures("rebufd_backlog_messages{route=\"s\"} 0"); }));
  const std::filesystem::path letters = data / "s" / "dead" / "log";
  std::filesystem::remove_all(letters);
  std::ofstream(letters) << "no directory";
  routes("  r: { sink: up }\n");
  const auto told = [&](const std::filesystem::path& trouble) {
    reload();
    const nlohmann::json orphans = status()["orphans"];
    REQUIRE(orphans.size() == 1);
    CHECK(orphans[0]["name"] == "s");
    CHECK(has(orphans[0]["problem"], trouble.string() + ": "));
    CHECK(has(program->errors(), "orphaned: " + (data / "s").string() + " cannot be read: "));
  };
  told(letters);
  std::filesystem::remove(letters);
  std::filesystem::create_directories(letters / "rebuf.tmp");
  told(letters / "rebuf.tmp");
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading, "a route with another sink takes its backlog there first, in order") {
  routes("  r: { sink: down }\n");
  start();
  post_some("/ingest/r", 1, 20);
  routes("  r: { sink: up }\n");
  reload();
  post_some("/ingest/r", 21, 40);
  CHECK(eventually([&] { return up().size() >= 40; }));
  CHECK(up() == numbers(1, 40));
  mend();
  CHECK(down().empty());
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading, "a sink whose settings change is made anew, and its routes with it") {
  routes("  r: { sink: down }\n  s: { sink: up }\n");
  start();
  post_some("/ingest/r", 1, 20);
  post_some("/ingest/s", 1, 1);
  CHECK(eventually([&] { return up().size() == 1; }));
  configure("sinks:\n  down: { type: file, path: " + (directory.path() / "new").string() +
            " }\n  up: { type: file, path: " + (directory.path() / "up").string() +
            " }\nroute_defaults: { drain: { jitter: 0s } }\n"
            "routes:\n  r: { sink: down }\n  s: { sink: up }\n");
  CHECK(rebufctl({"reload"}).output == "reloaded\nchanged: r\n");
  post_some("/ingest/r", 21, 30);
  const auto arrived = [&] { return lines_of(directory.path() / "new"); };
  CHECK(eventually([&] { return arrived().size() >= 30; }));
  CHECK(arrived() == numbers(1, 30));
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading, "with ack: buffered, then back, a route keeps its order") {
  mend();
  routes("  r: { sink: down }\n");
  start();
  post_some("/ingest/r", 1, 20);
  routes("  r: { sink: down, ack: buffered }\n");
  reload();
  post_some("/ingest/r", 21, 40);
  routes("  r: { sink: down }\n");
  reload();
  post_some("/ingest/r", 41, 60);
  CHECK(eventually([&] { return down().size() >= 60; }));
  CHECK(down() == numbers(1, 60));
  CHECK(stop() == 0);
}

TEST_CASE_FIXTURE(Reloading,
                  "an Idempotency-Key is known after its route has changed or been away") {
  mend();
  routes("  r: { sink: down }\n  s: { sink: up }\n");
  start();
  CHECK_FALSE(repeated("/ingest/r"));
  const std::vector<std::string> others{
      "  r: { sink: down, path: /moved }\n",  // the same keys
      "  r: { sink: up, path: /moved, idempotency: { max_keys: 7, window: 1h } }\n"};  // read again
  for (const std::string& other : others) {
    routes(other + "  s: { sink: up }\n");
    reload();
    CHECK(repeated("/moved"));
  }
  routes("  s: { sink: up }\n");
  reload();
  routes("  r: { sink: down }\n  s: { sink: up }\n");
  reload();
  CHECK(repeated("/ingest/r"));
  CHECK(eventually([&] { return up().size() + down().size() > 0; }));
  CHECK(stop() == 0);
  CHECK(up().size() + down().size() == 1);
}

TEST_CASE_FIXTURE(Reloading,
                  "a route keeps no more Idempotency-Keys than its new configuration has") {
  routes("  r: { sink: up, path: /r }\n");
  start();
  CHECK_FALSE(repeated("/r", "older"));
  CHECK_FALSE(repeated("/r"));
  routes("  r: { sink: up, path: /r, idempotency: { max_keys: 1 } }\n");
  reload();
  CHECK(repeated("/r"));
  CHECK_FALSE(repeated("/r", "older"));
  CHECK(stop() == 0);
}

}  // namespace rebuf::daemon::rebufd_test
