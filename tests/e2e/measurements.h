// The real measurements of tests/data, a line each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace rebuf::e2e {

class Measurements {
 public:
  // A file of tests/data, compressed with gzip.
  explicit Measurements(const std::string& name);
  Measurements(const Measurements&) = delete;
  Measurements& operator=(const Measurements&) = delete;

  // Without their newlines; valid as long as this object lives.
  [[nodiscard]] const std::vector<std::string_view>& rows() const { return rows_; }

 private:
  std::string text_;
  std::vector<std::string_view> rows_;
};

}  // namespace rebuf::e2e
