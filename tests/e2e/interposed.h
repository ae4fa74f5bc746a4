// What the test and interposer.cc, which sits in rebufd, share: a mapped file. The test writes,
// rebufd's calls read.
#pragma once

#include <atomic>
#include <cstdint>

namespace rebuf::e2e {

inline constexpr const char* interposed_variable = "REBUF_TEST_INTERPOSED";

struct Interposed {
  std::atomic<std::int32_t> write_error{0};  // errno of writing, cutting and allocating; 0: none
  std::atomic<std::int32_t> sync_error{0};   // errno of fsync and fdatasync; 0: none
  std::atomic<std::int64_t> clock_shift_s{0};
};

}  // namespace rebuf::e2e
