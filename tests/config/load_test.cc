// What a file says, and what it leaves out.
#include <fstream>

#include "config/duration.h"
#include "config/globs.h"
#include "config/size.h"
#include "loading.h"
#include "support/temporary_directory.h"

namespace rebuf::config::test {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("one sink and one route are a whole configuration") {
  const Config config = good(minimal);
  CHECK(config.data_dir == "/var/lib/rebufd");
  CHECK(config.http.listen == std::vector<Listen>{{"127.0.0.1", 8082, {}}});
  CHECK(config.admin.listen == std::vector<Listen>{{"127.0.0.1", 18082, {}}});
  CHECK(config.admin.socket == "/run/rebufd/admin.sock");
  REQUIRE(config.routes.size() == 1);
  RouteConfig expected;
  expected.name = "t";
  expected.path = "/ingest/t";
  expected.sink = "main";
  expected.topic = "t";
  CHECK(config.routes[0] == expected);
  CHECK(config.sink("main").kafka.brokers == std::vector<std::string>{"k:9092"});
  CHECK(config.routes[0].location.line == 2);
}

TEST_CASE("directories follow systemd's, then root's, then the user's") {
  const auto load_with = [](const Variables& variables, bool root) {
    const Loaded loaded = load_text(minimal, "f.yaml", environment(variables, root));
    REQUIRE_MESSAGE(loaded.config, all_of(loaded.mistakes));
    return loaded.config->data_dir + " " + loaded.config->admin.socket;
  };
  Variables variables{{"HOME", "/u/me"}};
  CHECK(load_with(variables, false) == "/u/me/.local/state/rebufd ");
  variables["XDG_STATE_HOME"] = "/u/state";
  variables["XDG_RUNTIME_DIR"] = "/u/run";
  CHECK(load_with(variables, false) == "/u/state/rebufd /u/run/rebufd-admin.sock");
  CHECK(load_with(variables, true) == "/var/lib/rebufd /run/rebufd/admin.sock");
  variables["STATE_DIRECTORY"] = "/s/rebufd:/s/other";
  variables["RUNTIME_DIRECTORY"] = "/r/rebufd";
  CHECK(load_with(variables, false) == "/s/rebufd /r/rebufd/admin.sock");

  const Loaded nowhere = load_text(minimal, "f.yaml", environment({}, false));
  REQUIRE(nowhere.mistakes.size() == 1);
  CHECK(nowhere.mistakes[0].what == "there is no `data_dir`, and nothing to derive it from");
}

TEST_CASE("sizes are whole numbers of bytes or of binary units") {
  const auto bytes = [](const char* text) { return parse_size(text, 0, 1024 * TiB).value; };
  CHECK(bytes("0") == 0);
  CHECK(bytes("512") == 512);
  CHECK(bytes("512B") == 512);
  CHECK(bytes("64KiB") == 64 * KiB);
  CHECK(bytes("16MiB") == 16 * MiB);
  CHECK(bytes("1GiB") == GiB);
  CHECK(bytes("3TiB") == 3 * TiB);
  for (const char* text : {"", "MiB", "1.5GiB", "16 MiB", "16mib", "1e3", "-1", "+1", "0x10",
                           "1KiBs", "99999999999999999999", "99999999999TiB"})
    CHECK_MESSAGE(!bytes(text), text);
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{1000}, 64 * KiB, 3 * GiB, 1025 * MiB})
    CHECK(bytes(format_size(value).c_str()) == value);
}

TEST_CASE("durations are whole numbers of units, the larger first") {
  const auto time = [](const char* text) {
    return parse_duration(text, milliseconds(0), hours(24 * 365)).value;
  };
  CHECK(time("500ms") == milliseconds(500));
  CHECK(time("5s") == seconds(5));
  CHECK(time("1h30m") == hours(1) + std::chrono::minutes(30));
  CHECK(time("3d") == hours(72));
  CHECK(time("1m500ms") == milliseconds(60'500));
  CHECK(time("0s") == seconds(0));
  for (const char* text : {"", "5", "s", "5 s", "1.5s", "30m1h", "1s1s", "-5s", "5sec", "1y",
                           "99999999999999999999s", "9999999999999d"})
    CHECK_MESSAGE(!time(text), text);
  for (const int value : {0, 1, 999, 1000, 61'000, 90'061'001})
    CHECK(time(format_duration(milliseconds(value)).c_str()) == milliseconds(value));
}

TEST_CASE("an address is host:port, IPv6 in brackets, or a socket, and one or a list") {
  const Config one = good("http: { listen: \"[::1]:8082\" }\n" + minimal);
  CHECK(one.http.listen == std::vector<Listen>{{"::1", 8082, {}}});
  CHECK(one.http.listen[0].text() == "[::1]:8082");
  const Config more = good(
      "http: { listen: [localhost:0, localhost:0, \"unix:/run/in.sock\"] }\n"
      "admin: { listen: [], socket: none }\n" +
      minimal);
  REQUIRE(more.http.listen.size() == 3);
  CHECK(more.http.listen[0].text() == "localhost:0");
  CHECK(more.http.listen[2].is_unix());
  CHECK(more.http.listen[2].text() == "unix:/run/in.sock");
  CHECK(more.admin.listen.empty());
  CHECK(more.admin.socket.empty());
}

TEST_CASE("a route begins with route_defaults and its own keys stand before them") {
  const Config config = good(
      sink +
      "route_defaults:\n"
      "  sink: main\n"
      "  add_headers: { site: a, line: b }\n"
      "  buffer: { max_segments: 9, sync: interval }\n"
      "  on_error: { auth: drop }\n"
      "routes:\n"
      "  plain: {}\n"
      "  own: { add_headers: { x: y }, buffer: { max_bytes: 2GiB }, on_error: { invalid: drop } }\n"
      "  small: { buffer: { segment_size: 1MiB } }\n");
  const RouteConfig& plain = config.routes[0];
  CHECK(plain.sink == "main");
  CHECK(plain.buffer.max_bytes == 160 * MiB);  // nine completed segments and the active one
  CHECK(plain.buffer.sync == Sync::interval);
  CHECK(plain.add_headers.size() == 2);
  const RouteConfig& own = config.routes[1];
  CHECK(own.buffer.max_bytes == 2 * GiB);
  CHECK(own.buffer.sync == Sync::interval);
  CHECK(own.add_headers == std::map<std::string, std::string>{{"x", "y"}});  // whole, not mixed
  CHECK(own.on_auth == OnError::drop);
  CHECK(own.on_invalid == OnError::drop);
  CHECK(config.routes[2].buffer.max_bytes == 10 * MiB);
}

TEST_CASE("anchors and merge keys are for reuse, and x- keys hold them") {
  const Config config = good(
      "x-any: [anything, { at: all }]\n"
      "x-big: &big { max_bytes: 4GiB, segment_size: 32MiB }\n"
      "x-slow: &slow { max_bytes: 8GiB, sync: interval }\n" +
      sink +
      "routes:\n"
      "  a: &a { sink: main, buffer: *big }\n"
      "  b: { <<: *a, topic: other }\n"
      "  c: { sink: main, buffer: { <<: [*big, *slow], segment_size: 1MiB } }\n");
  CHECK(config.routes[0].buffer.max_bytes == 4 * GiB);
  CHECK(config.routes[1].buffer.max_bytes == 4 * GiB);
  CHECK(config.routes[1].topic == "other");
  CHECK(config.routes[2].buffer.max_bytes == 4 * GiB);  // of the first that has it
  CHECK(config.routes[2].buffer.segment_size == MiB);   // its own
  CHECK(config.routes[2].buffer.sync == Sync::interval);
}

TEST_CASE("references are replaced in every value, and only once") {
  const rebuf::test::TemporaryDirectory directory;
  std::ofstream(directory.path() / "word") << "from a file\n";
  std::ofstream(directory.path() / "password") << "from a credential";
  const Config config =
      good("http: { threads: \"${THREADS}\", listen: \"${HOST}:${PORT}\" }\n" + sink +
               "routes:\n"
               "  t:\n"
               "    sink: main\n"
               "    add_headers:\n"
               "      a: \"<${WORD}>\"\n"
               "      b: \"${file:" +
               (directory.path() / "word").string() +
               "}\"\n"
               "      c: ${cred:password}\n"
               "      d: $${WORD} $5 $\n",
           {{"THREADS", "4"},
            {"HOST", "127.0.0.1"},
            {"PORT", "1234"},
            {"WORD", "${THREADS}"},
            {"CREDENTIALS_DIRECTORY", directory.path().string()}});
  CHECK(config.http.threads == 4);
  CHECK(config.http.listen[0].text() == "127.0.0.1:1234");
  CHECK(config.routes[0].add_headers ==
        std::map<std::string, std::string>{{"a", "<${THREADS}>"},
                                           {"b", "from a file"},
                                           {"c", "from a credential"},
                                           {"d", "${WORD} $5 $"}});
}

TEST_CASE("names of headers are in lower case whatever was written") {
  const Config config = good(
      sink + "routes: { t: { sink: main, forward_headers: [X-*], add_headers: { Site: A } } }\n");
  CHECK(config.routes[0].forward_headers == std::vector<std::string>{"x-*"});
  CHECK(config.routes[0].add_headers == std::map<std::string, std::string>{{"site", "A"}});
}

TEST_CASE("a sink that sends one message a request has batches of one") {
  const Config config = good(
      "sinks: { hook: { type: http, url: \"http://[::1]:80/in?x=1\", batch: { format: single } } "
      "}\n"
      "routes: { t: { sink: hook } }\n");
  CHECK(config.sinks[0].http.batch_max_messages == 1);
}

TEST_CASE("two patterns overlap exactly when one text matches both") {
  const auto both = [](const char* a, const char* b, bool expected) {
    CHECK_MESSAGE(globs_overlap(a, b) == expected, a << " " << b);
    CHECK_MESSAGE(globs_overlap(b, a) == expected, b << " " << a);
  };
  both("a", "a", true);
  both("a", "b", false);
  both("*", "", true);
  both("*", "*", true);
  both("plant-*", "*-1", true);
  both("plant-*", "plant", false);
  both("plant-*", "plan?-x", true);
  both("a*b", "b*a", false);
  both("a?c", "abc", true);
  both("a?c", "ac", false);
  both("*a*b*", "*b*a*", true);
  both("x*z", "x?y*", true);
  both("x*z", "?y", false);
}

}  // namespace rebuf::config::test
