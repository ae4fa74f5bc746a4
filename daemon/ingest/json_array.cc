#include "daemon/ingest/json_array.h"

#include <simdjson.h>

#include <bitset>
#include <cstddef>
#include <string>

namespace rebuf::daemon::ingest {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

// Reads one value after the other. Each scan_… starts at its first byte and leaves `at` behind its
// last one; false with `error` set when it is not what JSON allows there.
class Scanner {
 public:
  explicit Scanner(std::string_view text)
      : begin_(text.data()), at_(begin_), end_(at_ + text.size()) {}

  [[nodiscard]] const char* at() const { return at_; }
  [[nodiscard]] bool at_end() const { return at_ == end_; }
  [[nodiscard]] std::string error() const {
    return std::string("not valid JSON at byte ") + std::to_string(at_ - begin_) + ": " + fault_;
  }

  void skip_space() {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
  }
  bool take(char c) {
    if (at_ == end_ || *at_ != c) return false;
    ++at_;
    return true;
  }
  bool fail(const char* fault) {
    fault_ = at_end() ? "the body ends too early" : fault;
    return false;
  }

  // A whole value, containers with all that is in them; iterative, so that depth costs one bit.
  bool scan_value() {
    depth_ = 0;
    do {
      skip_space();
      if (!scan_one()) return false;
      if (!close_finished()) return false;
    } while (depth_ > 0);
    return true;
  }

 private:
  // A scalar, an empty container, or the opening of a container up to its first value.
  bool scan_one() {
    opened_ = false;
    if (at_end()) return fail("");
    switch (*at_) {
      case '{':
      case '[':
        return open();
      case '"':
        return scan_string();
      case 't':
        return scan_word("true");
      case 'f':
        return scan_word("false");
      case 'n':
        return scan_word("null");
      default:
        return scan_number();
    }
  }

  bool open() {
    const bool object = *at_ == '{';
    // One level less than the limit: the array around the elements is the first.
    if (depth_ + 1 >= max_json_depth) return fail("nested too deep");
    ++at_;
    skip_space();
    if (take(object ? '}' : ']')) return true;
    is_object_[depth_++] = object;
    opened_ = true;
    return !object || scan_name();
  }

  // Behind a value: a comma leads to the next one, a bracket ends the container and is itself the
  // end of a value.
  bool close_finished() {
    if (opened_) return true;
    while (depth_ > 0) {
      const bool object = is_object_[depth_ - 1];
      skip_space();
      if (take(',')) return !object || scan_name();
      if (!take(object ? '}' : ']')) return fail(object ? "expected , or }" : "expected , or ]");
      --depth_;
    }
    return true;
  }

  bool scan_name() {
    skip_space();
    if (at_end() || *at_ != '"') return fail("expected a name in quotes");
    if (!scan_string()) return false;
    skip_space();
    return take(':') || fail("expected :");
  }

  bool scan_string() {
    ++at_;
    while (at_ != end_) {
      const char c = *at_;
      if (c == '"') {
        ++at_;
        return true;
      }
      if (static_cast<unsigned char>(c) < 0x20) return fail("a control character in a string");
      ++at_;
      if (c == '\\' && !scan_escape()) return false;
    }
    return fail("");
  }

  bool scan_escape() {
    if (at_end()) return fail("");
    if (take('u')) {
      for (int i = 0; i < 4; ++i, ++at_)
        if (at_end() || !is_hex(*at_)) return fail("expected four hexadecimal digits");
      return true;
    }
    if (std::string_view("\"\\/bfnrt").find(*at_) == std::string_view::npos)
      return fail("no such escape");
    ++at_;
    return true;
  }

  bool scan_word(std::string_view word) {
    if (!std::string_view(at_, static_cast<std::size_t>(end_ - at_)).starts_with(word))
      return fail("expected a value");
    at_ += word.size();
    return true;
  }

  bool scan_digits() {
    if (at_end() || !is_digit(*at_)) return fail("expected a digit");
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return true;
  }

  bool scan_number() {
    const bool minus = take('-');
    if (at_end() || !is_digit(*at_)) return fail(minus ? "expected a digit" : "expected a value");
    if (!take('0') && !scan_digits()) return false;
    if (take('.') && !scan_digits()) return false;
    if (take('e') || take('E')) {
      if (!take('+')) take('-');
      return scan_digits();
    }
    return true;
  }

  const char* begin_;
  const char* at_;
  const char* end_;
  const char* fault_ = "";
  std::bitset<max_json_depth> is_object_;  // of the open containers, outermost first
  std::size_t depth_ = 0;
  bool opened_ = false;
};

}  // namespace

SplitResult split_json_array(std::string_view body,
                             const std::function<void(std::string_view)>& on_element) {
  SplitResult result;
  if (!simdjson::validate_utf8(body.data(), body.size())) {
    result.error = "not valid JSON: the body is not UTF-8";
    return result;
  }
  Scanner scanner(body);
  const auto malformed = [&](const char* fault) {
    if (fault != nullptr) scanner.fail(fault);
    result.error = scanner.error();
    return result;
  };
  scanner.skip_space();
  if (!scanner.take('[')) return malformed("expected an array");
  scanner.skip_space();
  if (scanner.take(']')) {
    result.error = "the array is empty";
    return result;
  }
  while (true) {
    scanner.skip_space();
    const char* begin = scanner.at();
    if (!scanner.scan_value()) return malformed(nullptr);
    on_element({begin, static_cast<std::size_t>(scanner.at() - begin)});
    ++result.messages;
    scanner.skip_space();
    if (scanner.take(']')) break;
    if (!scanner.take(',')) return malformed("expected , or ]");
  }
  scanner.skip_space();
  if (!scanner.at_end()) return malformed("something stands behind the array");
  return result;
}

}  // namespace rebuf::daemon::ingest
