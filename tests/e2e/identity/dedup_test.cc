// The example that removes duplicates, on streams as rebufd makes them and as it does not.
#include "dedup.h"

#include <doctest/doctest.h>

#include <fstream>

#include "tests/support/temporary_directory.h"

namespace rebuf::e2e {
namespace {

constexpr const char* prefix = "6ec492ea867aa9e1";
constexpr const char* other_prefix = "00c492ea867aa9e1";

// One line of kcat -J.
std::string message(const std::string& value, int partition, const std::string& id,
                    const std::string& key) {
  return R"({"topic":"t","partition":)" + std::to_string(partition) +
         R"(,"headers":["content-type","text/plain","rebuf-id",")" + id + R"("],"key":)" +
         (key.empty() ? "null" : "\"" + key + "\"") + R"(,"payload":")" + value + "\"}\n";
}

std::string id(unsigned number, const std::string& of = prefix) {
  std::string text = "0000010000000000";
  for (std::size_t place = text.size(); number > 0; number /= 10)
    text[--place] = static_cast<char>('0' + number % 10);
  return of + text;
}

Deduplicated of(const std::string& lines) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "messages";
  std::ofstream(file) << lines;
  return dedup("cat " + file.string());
}

using Values = std::vector<std::string>;

TEST_CASE("a stretch that comes again after a crash is dropped, in each partition for itself") {
  const std::string first = message("a", 0, id(1), "k") + message("b", 1, id(2), "l") +
                            message("c", 0, id(3), "k") + message("d", 0, id(4), "k");
  const std::string again =
      message("b", 1, id(2), "l") + message("c", 0, id(3), "k") + message("d", 0, id(4), "k");
  const auto result = of(first + again + message("e", 1, id(5), "l"));
  CHECK(result.values == Values{"a", "b", "c", "d", "e"});
  CHECK(result.summary == "8 messages, 3 duplicates\n");
}

TEST_CASE("each prefix counts for itself: another route, another host, a copied directory") {
  const auto result = of(message("a", 0, id(7), "k") + message("b", 0, id(1, other_prefix), "k") +
                         message("a", 0, id(7), "k") + message("b", 0, id(1, other_prefix), "k"));
  CHECK(result.values == Values{"a", "b"});
}

TEST_CASE("without a key the same holds: a copy lies in its first one's partition") {
  const auto result = of(message("a", 0, id(1), "") + message("b", 1, id(2), "") +
                         message("a", 0, id(1), "") + message("c", 1, id(3), ""));
  CHECK(result.values == Values{"a", "b", "c"});
}

TEST_CASE("a dead letter that was put back has an old id, and is no copy for that, its copy is") {
  std::string letter = message("letter", 0, id(1), "k");
  const std::string mark = R"("rebuf-dead-letter","1",)";
  letter.insert(letter.find(R"("rebuf-id")"), mark);
  const auto result =
      of(message("a", 0, id(2), "k") + letter + letter + message("b", 0, id(3), "k"));
  CHECK(result.values == Values{"a", "letter", "b"});
}

TEST_CASE("what does not come from rebufd is left alone") {
  const std::string foreign = R"({"topic":"t","partition":0,"key":null,"payload":"x"})"
                              "\n";
  CHECK(of(foreign + foreign).values == Values{"x", "x"});
}

TEST_CASE("the highest id is enough because first deliveries are in order: without that it loses") {
  // As a forwarder would deliver that lets the second overtake the first.
  const auto result = of(message("second", 0, id(2), "k") + message("first", 0, id(1), "k"));
  CHECK(result.values == Values{"second"});
}

}  // namespace
}  // namespace rebuf::e2e
