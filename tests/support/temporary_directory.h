// A directory of the test's own, removed with everything in it at the end. REBUF_TEST_KEEP=1 leaves
// it, for looking into.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <stdexcept>
#include <string>
#include <system_error>

namespace rebuf::test {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "rebuf-test-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("mkdtemp " + name);
    path_ = name;
  }
  ~TemporaryDirectory() {
    if (std::getenv("REBUF_TEST_KEEP") != nullptr) {
      std::cerr << "kept: " << path_ << '\n';
      return;
    }
    std::error_code error;
    std::filesystem::remove_all(path_, error);
    if (error) std::cerr << path_ << ": " << error.message() << '\n';
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

}  // namespace rebuf::test
