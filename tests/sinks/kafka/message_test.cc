#include "sinks/message.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace rebuf::sinks {

TEST_CASE("a message id is 32 lower-case hexadecimal digits") {
  MessageId id;
  id.bytes[0] = 0xab;
  id.bytes[15] = 0x01;
  CHECK(id.hex() == "ab000000000000000000000000000001");
}

TEST_CASE("ids that stand one behind the other are of one run, until it is used up") {
  const auto id = [](std::uint8_t start, std::uint64_t count) {
    MessageId made;
    made.bytes[10] = start;
    for (std::size_t i = 0; i < 5; ++i)
      made.bytes[11 + i] = static_cast<std::uint8_t>(count >> (32 - 8 * i));
    return made;
  };
  CHECK(id(1, 0).run() == id(1, 1023).run());
  CHECK(id(1, 1024).run() == id(1, 1023).run() + 1);
  CHECK(id(2, 0).run() > id(1, (1ULL << 40) - 1).run());
  MessageId elsewhere = id(1, 0);
  elsewhere.bytes[7] = 5;
  CHECK(elsewhere.run() == id(1, 0).run() + 5);
}

TEST_CASE("packed headers come out as they went in") {
  std::string packed;
  pack_header(packed, "a", "1");
  pack_header(packed, "long", std::string(70'000, 'v'));
  pack_header(packed, "", "");
  REQUIRE(HeaderList::valid(packed));
  std::vector<std::pair<std::string, std::size_t>> seen;
  for (const Header header : HeaderList(packed))
    seen.emplace_back(header.name, header.value.size());
  CHECK(seen ==
        std::vector<std::pair<std::string, std::size_t>>{{"a", 1}, {"long", 70'000}, {"", 0}});
}

TEST_CASE("a header list that is cut anywhere is not valid") {
  std::string packed;
  pack_header(packed, "name", "value");
  for (std::size_t bytes = 1; bytes < packed.size(); ++bytes)
    CHECK_FALSE(HeaderList::valid(std::string_view(packed).substr(0, bytes)));
  CHECK(HeaderList::valid(""));
}

}  // namespace rebuf::sinks
