// Whatever the bytes, load_text() returns: a configuration or mistakes.
#include <fstream>
#include <iterator>
#include <random>

#include "loading.h"

namespace rebuf::config::test {
namespace {

const Variables variables{{"HOSTNAME", "gw"}, {"KAFKA_USER", "me"}};

std::string example() {
  std::ifstream file(REBUF_CONFIG_DIR "/edge_gateway.yaml");
  return {std::istreambuf_iterator<char>(file), {}};
}

void load_anything(const std::string& text) {
  const Loaded loaded = load_text(text, "f.yaml", environment(variables));
  CHECK(loaded.config.has_value() == loaded.mistakes.empty());
  for (const Mistake& mistake : loaded.mistakes) CHECK_FALSE(mistake.message().empty());
}

}  // namespace

TEST_CASE("a file that ends anywhere is loaded or refused") {
  const std::string whole = example();
  REQUIRE(whole.size() > 1000);
  for (std::size_t length = 0; length < whole.size(); length += 3)
    load_anything(whole.substr(0, length));
}

TEST_CASE("a file with any bytes changed is loaded or refused") {
  std::mt19937_64 random(1);
  const std::string whole = example();
  constexpr std::string_view spice = "{}[]&*!|>'\"%@`#,:?-<\n\t ~$\\\0\xff\xef";
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 1500; ++round) {
    std::string text = whole;
    for (std::size_t change = 1 + below(6); change > 0; --change) {
      const std::size_t at = below(text.size());
      if (below(3) == 0)
        text.erase(at, below(40));
      else
        text.insert(at, 1,
                    below(2) == 0 ? spice[below(spice.size())] : static_cast<char>(random()));
      if (text.empty()) break;
    }
    load_anything(text);
  }
}

TEST_CASE("nothing but noise is refused") {
  std::mt19937_64 random(1);
  for (int round = 0; round < 500; ++round) {
    std::string text(random() % 200, '\0');
    for (char& c : text) c = static_cast<char>(random());
    load_anything(text);
  }
}

TEST_CASE("nesting without end and aliases of aliases are refused in no time") {
  load_anything(std::string(100'000, '['));
  load_anything(std::string(100'000, '{'));
  std::string deep;
  for (int i = 0; i < 2'000; ++i) deep += std::string(static_cast<std::size_t>(i), ' ') + "a:\n";
  load_anything(deep);
  std::string bomb = "x-0: &a0 [1, 2]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string number = std::to_string(i);
    const std::string before = std::to_string(i - 1);
    bomb.append("x-").append(number).append(": &a").append(number);
    bomb.append(" [*a").append(before).append(", *a").append(before).append("]\n");
  }
  load_anything(bomb + minimal);
  load_anything(bomb + "stop_timeout: *a59\nroutes: *a59\n");
}

TEST_CASE("empty documents without end are one mistake") {
  for (const char* text : {",", "]", "}", ", a: b", "---\n---\n---\n"}) load_anything(text);
}

}  // namespace rebuf::config::test
