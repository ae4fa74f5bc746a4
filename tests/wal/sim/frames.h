// The format once more, as small as it can be: how a test knows which bytes belong to which entry
// without asking the library that it tests.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::test {

struct Frame {
  std::size_t begin = 0;  // of the header
  std::size_t end = 0;
  std::string data;
};

[[nodiscard]] std::uint32_t crc32_ieee(std::string_view data);
[[nodiscard]] std::string framed(std::string_view data);
// The entries of a file from its start, up to the first that is not whole and right.
[[nodiscard]] std::vector<Frame> frames_of(std::string_view content);
// Nothing but whole, right, non-empty entries.
[[nodiscard]] bool is_whole(std::string_view content);

}  // namespace rebuf::test
