// The file sink against real files.
#include "sinks/file/file_sink.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/sinks/recorder.h"
#include "tests/support/temporary_directory.h"

namespace rebuf::sinks::test {
namespace {

namespace fs = std::filesystem;

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string numbered_lines(std::size_t from, std::size_t to) {
  std::string lines;
  for (std::size_t i = from; i < to; ++i) lines += std::to_string(i) + "\n";
  return lines;
}

// A sink with one channel, writing to out.ndjson.
struct Files {
  Files()
      : sink(make_file_sink(
            {.name = "test", .path = path}, [](LogLevel, std::string_view) {}, nullptr)),
        channel(sink->attach({}, recorder)) {}
  void submit(std::span<const OutMessage> messages) {
    REQUIRE(channel->submit(messages) == messages.size());
  }
  rebuf::test::TemporaryDirectory directory;
  const fs::path path = directory.path() / "logs" / "out.ndjson";
  Recorder recorder;
  std::unique_ptr<Sink> sink;
  std::unique_ptr<Channel> channel;
};

// No file of this process may grow beyond so many bytes, as on a full disk.
class SizeLimit {
 public:
  explicit SizeLimit(rlim_t bytes) {
    std::signal(SIGXFSZ, SIG_IGN);
    getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    REQUIRE(setrlimit(RLIMIT_FSIZE, &limit) == 0);
  }
  ~SizeLimit() { setrlimit(RLIMIT_FSIZE, &before_); }
  SizeLimit(const SizeLimit&) = delete;
  SizeLimit& operator=(const SizeLimit&) = delete;

 private:
  rlimit before_{};
};

TEST_CASE("values are appended as lines, in order, behind what the file holds") {
  Messages messages("t");
  messages.add_numbered(20'000);
  Files files;
  fs::create_directory(files.path.parent_path());
  write_file(files.path, "first\n");
  files.submit(messages.list);
  files.recorder.wait_reports(20'000);
  CHECK(files.recorder.count(Outcome::delivered) == 20'000);
  CHECK(read_file(files.path) == "first\n" + numbered_lines(0, 20'000));
  CHECK(files.recorder.health.size() == 1);
  CHECK(files.recorder.health[0].up);
}

TEST_CASE("a new file is for its owner and group only") {
  Messages messages("t");
  messages.add_numbered(1);
  Files files;
  fs::create_directory(files.path.parent_path());
  const mode_t before = ::umask(0);
  files.submit(messages.list);
  files.recorder.wait_reports(1);
  ::umask(before);
  CHECK(fs::status(files.path).permissions() == static_cast<fs::perms>(0640));
}

TEST_CASE("a value with a newline in it is refused, the others are written") {
  Messages messages("t");
  for (const char* value : {"1", "2", "two\nlines", "3", "\n", ""})
    messages.add(messages.list.size() + 1, value);
  Files files;
  fs::create_directory(files.path.parent_path());
  files.submit(messages.list);
  files.recorder.wait_reports(6);
  CHECK(files.recorder.by_token[3].outcome == Outcome::refused);
  CHECK(files.recorder.by_token[3].refusal == Refusal::invalid);
  CHECK(files.recorder.by_token[5].outcome == Outcome::refused);
  CHECK(read_file(files.path) == "1\n2\n3\n\n");
}

TEST_CASE("a file that was renamed is left, and a new one begun") {
  Messages messages("t");
  messages.add_numbered(20);
  Files files;
  fs::create_directory(files.path.parent_path());
  files.submit(std::span(messages.list).first(10));
  files.recorder.wait_reports(10);
  const fs::path rotated = files.path.string() + ".1";
  fs::rename(files.path, rotated);
  files.submit(std::span(messages.list).subspan(10));
  files.recorder.wait_reports(20);
  CHECK(read_file(rotated) == numbered_lines(0, 10));
  CHECK(read_file(files.path) == numbered_lines(10, 20));
}

TEST_CASE("a directory that is missing is waited for") {
  Messages messages("t");
  messages.add_numbered(100);
  Files files;
  files.submit(messages.list);
  const HeardHealth down = files.recorder.wait_down();
  CHECK(down.error_class == "file");
  CHECK(down.reason.find(files.path.string()) != std::string::npos);
  CHECK_FALSE(files.recorder.probe(*files.channel).up);
  fs::create_directory(files.path.parent_path());
  files.recorder.wait_reports(100);
  CHECK(read_file(files.path) == numbered_lines(0, 100));
  CHECK(files.recorder.probe(*files.channel).up);
}

TEST_CASE("what is no regular file is not written to") {
  Messages messages("t");
  messages.add_numbered(1);
  for (const bool pipe : {true, false}) {
    Files files;
    fs::create_directory(files.path.parent_path());
    if (pipe)
      REQUIRE(::mkfifo(files.path.c_str(), 0600) == 0);
    else
      fs::create_directory(files.path);
    files.submit(messages.list);
    CHECK(files.recorder.wait_down().error_class == "file");
  }
}

TEST_CASE("a full disk: nothing is half written, and all arrives when there is room") {
  Messages messages("t");
  messages.add_numbered(10);
  Messages long_ones("t");
  for (Token token = 11; token <= 100; ++token) long_ones.add(token, std::string(100, 'x'));
  Messages again("t");
  for (Token token = 101; token <= 190; ++token) again.add(token, std::string(100, 'x'));
  std::string all = numbered_lines(0, 10);
  Files files;
  fs::create_directory(files.path.parent_path());
  files.submit(messages.list);
  files.recorder.wait_reports(10);
  {
    const SizeLimit full(500);  // within the fifth of the long lines
    files.submit(long_ones.list);
    CHECK(files.recorder.wait_down().error_class == "disk_full");
    files.channel->recall();
    files.recorder.wait("reopened", [&] { return files.recorder.reopened == 1; });
    CHECK(files.recorder.count(Outcome::given_back) == 90);
    CHECK_FALSE(files.recorder.by_token[11].maybe_delivered);
    CHECK(read_file(files.path) == all);
    files.submit(again.list);
    files.recorder.wait("down", [&] { return files.recorder.health.size() >= 3; });
  }
  files.recorder.wait_reports(190);
  CHECK(files.recorder.count(Outcome::delivered) == 100);
  for (int i = 0; i < 90; ++i) all += std::string(100, 'x') + "\n";
  CHECK(read_file(files.path) == all);
}

TEST_CASE("a line that a crash left unfinished is ended before the next one") {
  Messages messages("t");
  messages.add_numbered(2);
  Files files;
  fs::create_directory(files.path.parent_path());
  write_file(files.path, "whole\nhal");
  files.submit(messages.list);
  files.recorder.wait_reports(2);
  CHECK(read_file(files.path) == "whole\nhal\n0\n1\n");
}

TEST_CASE("recall and stop give back what a file that cannot be written holds up") {
  Messages messages("t");
  messages.add_numbered(10);
  Messages more("t");
  more.add(11, "more");
  Files files;
  files.submit(messages.list);
  static_cast<void>(files.recorder.wait_down());
  files.channel->recall();
  files.recorder.wait("reopened", [&] { return files.recorder.reopened == 1; });
  CHECK(files.recorder.count(Outcome::given_back) == 10);
  CHECK_FALSE(files.recorder.by_token[1].maybe_delivered);
  files.submit(more.list);
  files.channel->stop(in(milliseconds(10)));
  CHECK(files.recorder.count(Outcome::given_back) == 11);
}

TEST_CASE("two channels share the file, line by line") {
  Messages ours("t");
  Messages theirs("t");
  for (Token token = 1; token <= 5000; ++token) {
    ours.add(token, "ours " + std::to_string(token));
    theirs.add(token, "theirs " + std::to_string(token));
  }
  Files files;
  fs::create_directory(files.path.parent_path());
  Recorder other;
  const auto second = files.sink->attach({}, other);
  files.submit(ours.list);
  REQUIRE(second->submit(theirs.list) == 5000);
  files.recorder.wait_reports(5000);
  other.wait_reports(5000);
  std::ifstream in(files.path);
  std::string line;
  std::size_t next_of_ours = 1;
  std::size_t next_of_theirs = 1;
  while (std::getline(in, line)) {
    if (line.starts_with("ours"))
      CHECK(line == "ours " + std::to_string(next_of_ours++));
    else
      CHECK(line == "theirs " + std::to_string(next_of_theirs++));
  }
  CHECK(next_of_ours + next_of_theirs == 10'002);
}

}  // namespace
}  // namespace rebuf::sinks::test
