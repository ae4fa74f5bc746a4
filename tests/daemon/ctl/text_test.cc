#include "daemon/ctl/text.h"

#include <doctest/doctest.h>

namespace rebuf::ctl {

TEST_CASE("sizes are told in the unit that fits") {
  CHECK(bytes_text(0) == "0 B");
  CHECK(bytes_text(1023) == "1023 B");
  CHECK(bytes_text(1536) == "1.5 KiB");
  CHECK(bytes_text(64ULL << 20) == "64 MiB");
  CHECK(bytes_text(5ULL << 40) == "5.0 TiB");
  CHECK(bytes_text(5000ULL << 40) == "5000 TiB");
}

TEST_CASE("durations are told in their two largest units") {
  CHECK(duration_text(0.2) == "< 1 s");
  CHECK(duration_text(59.9) == "59 s");
  CHECK(duration_text(90) == "1 min 30 s");
  CHECK(duration_text(3600) == "1 h");
  CHECK(duration_text(90061) == "1 d 1 h");
}

TEST_CASE("base64 pads, and takes nothing for nothing") {
  CHECK(base64("").empty());
  CHECK(base64("f") == "Zg==");
  CHECK(base64("fo") == "Zm8=");
  CHECK(base64("foo") == "Zm9v");
  CHECK(base64("\xff\xfe") == "//4=");
}

TEST_CASE("times are in UTC, to the millisecond, before the epoch too") {
  CHECK(time_text(1'700'000'000'123) == "2023-11-14T22:13:20.123Z");
  CHECK(time_text(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("columns of a table are as wide as their widest cell, in characters") {
  CHECK(table({{"A", "B"}, {"für", "x"}}) == "A    B\nfür  x\n");
}

}  // namespace rebuf::ctl
