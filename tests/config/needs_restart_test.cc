#include "config/needs_restart.h"

#include "loading.h"

namespace rebuf::config::test {
namespace {

Loaded loaded(const std::string& text) {
  Loaded read = load_text(text, "test.yaml", environment());
  REQUIRE_MESSAGE(read.config, all_of(read.mistakes), text);
  return read;
}

}  // namespace

TEST_CASE("every key of the process that differs is named, with its place in the new file") {
  const Config running = good("http: { threads: 3 }\nlimits: { memory: 8MiB }\n" + minimal);
  const Loaded wanted = loaded(
      "admin: { allowed_hosts: [a, b] }\n"
      "http:\n  max_body: 1MiB\n  listen: [127.0.0.1:1, 127.0.0.1:2]\n"
      "limits: { memory: 8MiB }\ndata_dir: /elsewhere\n" +
      minimal);
  CHECK(
      all_of(needs_restart(running, wanted)) ==
      "test.yaml:6:1: `data_dir` cannot change from `/var/lib/rebufd` to `/elsewhere` while rebufd "
      "runs; this needs a restart\n"
      "test.yaml:4:3: `http.listen` cannot change from `[127.0.0.1:8082]` to `[127.0.0.1:1, "
      "127.0.0.1:2]` while rebufd runs; this needs a restart\n"
      "test.yaml:2:1: `http.threads` cannot change from `3` to `2` while rebufd runs; this needs "
      "a restart\n"
      "test.yaml:3:3: `http.max_body` cannot change from `8MiB` to `1MiB` while rebufd runs; this "
      "needs a restart\n"
      "test.yaml:1:10: `admin.allowed_hosts` cannot change from `[]` to `[a, b]` while rebufd "
      "runs; this needs a restart\n");
}

TEST_CASE("sinks, routes, the time to stop and what is written otherwise need no restart") {
  const Config running = good("http: { threads: 2 }\nlimits: { memory: 8MiB }\n" + minimal);
  const Loaded wanted = loaded(
      "stop_timeout: 1s\nlimits: { memory: 8192KiB }\n"
      "sinks: { other: { type: file, path: /out } }\nroutes: { t: { sink: other } }\n");
  CHECK(needs_restart(running, wanted).empty());
}

}  // namespace rebuf::config::test
