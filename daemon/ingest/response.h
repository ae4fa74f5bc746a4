// The bytes of an HTTP answer. Pure, but for the clock.
#pragma once

#include <array>
#include <ctime>
#include <string>
#include <string_view>

#include "daemon/ingest/reply.h"

namespace rebuf::daemon::ingest {

[[nodiscard]] std::string_view phrase_of(int status);  // RFC 9110 15

// The value of a Date field, made anew when the second has changed. For one thread.
class DateText {
 public:
  [[nodiscard]] std::string_view now();

 private:
  std::time_t second_ = 0;
  std::array<char, 32> text_{};
  std::size_t size_ = 0;
};

struct Framing {
  bool ends = false;     // the connection, behind it
  bool http_1_1 = true;  // the client's version
  bool no_body = false;  // the answer to a HEAD
};

void append_response(std::string& out, const Reply& reply, Framing framing, std::string_view date);

}  // namespace rebuf::daemon::ingest
