// Arbitrary bytes as what a client sends, one request behind the other: what the parser makes of
// them does not depend on the pieces in which they come, stays inside the bytes, and needs no more
// than the bound of a head while it waits for more. The first byte says how large the pieces are.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "daemon/ingest/http_parser.h"
#include "tests/fuzz/check.h"

namespace rebuf::test {
namespace {

using namespace daemon::ingest;

struct Request {
  std::string head, body;
  bool done = false, keep_alive = false;
  bool refused = false;  // why, and how early, may differ
  bool operator==(const Request&) const = default;
};

class Reader {
 public:
  // False when nothing more can be read behind an error.
  bool take(std::string_view bytes) {
    kept_ += bytes;
    std::string_view rest = kept_;
    bool goes_on = true;
    while (goes_on && !rest.empty()) {
      const std::size_t before = rest.size();
      goes_on = step(rest);
      if (rest.size() == before) break;
    }
    kept_ = rest;
    check(!goes_on || kept_.size() <= max_head, "no more is kept than a head may have");
    return goes_on;
  }
  // Bytes of a body that are too few to be looked at again; 0: none is waited for.
  [[nodiscard]] std::size_t not_looked_at() const {
    return in_body_ && !requests.back().refused && kept_.size() < 5 ? kept_.size() : 0;
  }
  std::vector<Request> requests;

 private:
  bool step(std::string_view& rest) { return in_body_ ? body(rest) : head(rest); }
  bool fail() {
    requests.back().refused = true;
    return false;
  }
  bool head(std::string_view& rest) {
    const HeadEnd end = find_head_end(rest);
    if (end.kind == HeadEnd::Kind::not_yet) return true;
    requests.emplace_back();
    if (end.kind != HeadEnd::Kind::found) return fail();
    Head parsed;
    const std::string_view text = rest.substr(0, end.bytes);
    rest.remove_prefix(end.bytes);
    if (!parser_.parse_head(text, parsed).empty()) return fail();
    Request& request = requests.back();
    request.head.append(parsed.method).append(" ").append(parsed.target).append("\n");
    for (const Field& field : parsed.fields) {
      check(inside(field.name, text) && inside(field.value, text), "fields lie inside the head");
      request.head.append(field.name).append(":").append(field.value).append("\n");
    }
    request.keep_alive = parser_.keep_alive();
    in_body_ = true;
    return ended();
  }
  bool body(std::string_view& rest) {
    const HttpParser::Step step = parser_.step(rest);
    check(step.used <= rest.size(), "no more is used than there is");
    if (!step.error.empty()) return fail();
    if (!step.piece.empty()) check(inside(step.piece, rest), "a piece lies inside the bytes");
    requests.back().body += step.piece;
    rest.remove_prefix(step.used);
    if (step.used == 0 && rest.size() > max_head) return fail();
    return ended();
  }
  bool ended() {
    if (!parser_.done()) return true;
    requests.back().done = true;
    in_body_ = false;
    return requests.back().keep_alive;
  }
  static bool inside(std::string_view inner, std::string_view outer) {
    return inner.empty() || (inner.data() >= outer.data() &&
                             inner.data() + inner.size() <= outer.data() + outer.size());
  }

  std::string kept_;
  bool in_body_ = false;
  HttpParser parser_;
};

void read_in_pieces(std::string_view bytes, std::size_t size, Reader& reader) {
  for (std::size_t at = 0; at < bytes.size(); at += size)
    if (!reader.take(bytes.substr(at, size))) break;
}

void compare(std::string_view bytes, std::size_t size) {
  Reader whole, pieces;
  read_in_pieces(bytes, bytes.size(), whole);
  read_in_pieces(bytes, size, pieces);
  if (const std::size_t left = pieces.not_looked_at(); left > 0) {
    // Who got them together with what came before has looked, and may know more.
    check(whole.requests.size() == pieces.requests.size(), "as many requests have begun");
    Request& more = whole.requests.back();
    const std::string& body = pieces.requests.back().body;
    check(more.body.starts_with(body) && more.body.size() <= body.size() + left,
          "the bytes that are left are all that can be more of a body");
    more.body = body;
    more.refused = false;
  }
  check(whole.requests == pieces.requests, "the same requests in whatever pieces they come");
}

}  // namespace
}  // namespace rebuf::test

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  rebuf::test::compare({reinterpret_cast<const char*>(data) + 1, size - 1}, 1 + data[0] % 64U);
  return 0;
}
