#include "measurements.h"

#include <doctest/doctest.h>
#include <zlib.h>

#include <array>
#include <memory>

namespace rebuf::e2e {

Measurements::Measurements(const std::string& name) {
  const std::string path = std::string(REBUF_TEST_DATA) + "/" + name;
  const std::unique_ptr<gzFile_s, int (*)(gzFile)> file(::gzopen(path.c_str(), "rb"), ::gzclose);
  REQUIRE_MESSAGE(file != nullptr, path);
  std::array<char, 65536> block{};
  int count = 0;
  while ((count = ::gzread(file.get(), block.data(), block.size())) > 0)
    text_.append(block.data(), static_cast<std::size_t>(count));
  REQUIRE_MESSAGE(count == 0, path, " cannot be read");
  for (std::size_t begin = 0; begin < text_.size();) {
    const std::size_t end = text_.find('\n', begin);
    REQUIRE(end != std::string::npos);
    rows_.push_back(std::string_view(text_).substr(begin, end - begin));
    begin = end + 1;
  }
}

}  // namespace rebuf::e2e
