// One HTTP/1 request taken apart, by Boost.Beast's parser: first the head as a whole, then the body
// in the pieces that come. Owned by a connection, touched by whoever has that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace rebuf::daemon::ingest {

struct Field {
  std::string_view name;   // as sent
  std::string_view value;  // without the white space around it
};

// All views point into the bytes that were given to parse_head().
struct Head {
  std::string_view method;
  std::string_view target;  // as sent
  std::vector<Field> fields;
  bool http_1_1 = false;  // else 1.0
};

// The head at the start of what has come, its empty line included.
struct HeadEnd {
  enum class Kind : std::uint8_t {
    found,
    not_yet,
    line_too_long,
    fields_too_long,
    no_crlf,     // a line does not end in CR LF
    no_version,  // the first line does not name HTTP
  };
  Kind kind = Kind::not_yet;
  std::size_t bytes = 0;  // when it is found
};
inline constexpr std::size_t max_head = 8U << 10;
[[nodiscard]] HeadEnd find_head_end(std::string_view bytes);

class HttpParser {
 public:
  HttpParser();
  ~HttpParser();
  HttpParser(const HttpParser&) = delete;
  HttpParser& operator=(const HttpParser&) = delete;

  // Begins a request; `bytes`: up to find_head_end(). Empty, or why it is no HTTP/1 request.
  [[nodiscard]] std::string parse_head(std::string_view bytes, Head& head);

  // What the head has said; only after it was parsed.
  [[nodiscard]] bool keep_alive() const;
  [[nodiscard]] bool done() const;  // the request has come whole

  struct Step {
    std::size_t used = 0;    // bytes
    std::string_view piece;  // of the body; within them
    std::string error;       // the body is not as its framing says
  };
  // One step into the body. None used: the same bytes are needed again with more behind them. Not
  // when done().
  [[nodiscard]] Step step(std::string_view bytes);
  // What is still to come of a body whose length was told; else 0.
  [[nodiscard]] std::uint64_t remaining() const;

 private:
  class Visitor;
  std::unique_ptr<Visitor> visitor_;  // null before the first request
  bool used_none_ = false;            // in the last step
};

}  // namespace rebuf::daemon::ingest
