#include "daemon/ingest/http_parser.h"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>
#include <limits>

namespace rebuf::daemon::ingest {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }

// Beast joins the lines of a folded field, in memory of its own that is gone behind put(), or skips
// the first when it is empty.
bool is_folded(const Field& field, std::string_view head) {
  if (field.value.empty()) return false;
  const char* colon = field.name.data() + field.name.size();
  const char* value = field.value.data();
  return value < colon || value > head.data() + head.size() ||
         std::string_view(colon, static_cast<std::size_t>(value - colon)).find('\n') !=
             std::string_view::npos;
}

}  // namespace

HeadEnd find_head_end(std::string_view bytes) {
  using Kind = HeadEnd::Kind;
  const std::string_view most = bytes.substr(0, max_head);
  if (const std::size_t end = most.find("\r\n\r\n"); end != std::string_view::npos)
    return {Kind::found, end + 4};
  if (most.find("\n\n") != std::string_view::npos) return {Kind::no_crlf};
  // What will never be a head is told at once, not when its sender has waited for an answer.
  const std::size_t line_end = most.find('\n');
  if (line_end != std::string_view::npos) {
    const std::string_view line = most.substr(0, line_end);
    if (!line.ends_with('\r')) return {Kind::no_crlf};
    if (line.find(" HTTP/") == std::string_view::npos) return {Kind::no_version};
  }
  if (bytes.size() < max_head) return {Kind::not_yet};
  return {line_end == std::string_view::npos ? Kind::line_too_long : Kind::fields_too_long};
}

// Told one by one what Beast finds.
class HttpParser::Visitor final : public http::basic_parser<true> {
 public:
  Visitor() { body_limit(std::numeric_limits<std::uint64_t>::max()); }

  // Both for the time of a put():
  Head* head = nullptr;  // null behind the head: the fields of trailers are nobody's
  std::string_view piece;

 private:
  using Error = beast::error_code;
  void on_request_impl(http::verb, beast::string_view method, beast::string_view target,
                       int version, Error&) override {
    head->method = view(method);
    head->target = view(target);
    head->http_1_1 = version == 11;
  }
  void on_field_impl(http::field, beast::string_view name, beast::string_view value,
                     Error&) override {
    if (head != nullptr) head->fields.push_back({view(name), view(value)});
  }
  std::size_t on_body_impl(beast::string_view bytes, Error&) override {
    piece = view(bytes);
    return bytes.size();
  }
  std::size_t on_chunk_body_impl(std::uint64_t, beast::string_view bytes, Error&) override {
    piece = view(bytes);
    return bytes.size();
  }
  void on_response_impl(int, beast::string_view, int, Error&) override {}
  void on_header_impl(Error&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>&, Error&) override {}
  void on_chunk_header_impl(std::uint64_t, beast::string_view, Error&) override {}
  void on_finish_impl(Error&) override {}
};

HttpParser::HttpParser() = default;
HttpParser::~HttpParser() = default;

std::string HttpParser::parse_head(std::string_view bytes, Head& head) {
  head.fields.clear();
  visitor_ = std::make_unique<Visitor>();
  used_none_ = false;
  Visitor& visitor = *visitor_;
  visitor.head = &head;
  beast::error_code error;
  const std::size_t used = visitor.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  visitor.head = nullptr;
  if (error) return error.message();
  if (used != bytes.size()) return "the head does not end at its empty line";
  for (const Field& field : head.fields)
    if (is_folded(field, bytes)) return "a header field spans lines";
  return {};
}

bool HttpParser::keep_alive() const { return visitor_->keep_alive(); }
bool HttpParser::done() const { return visitor_->is_done(); }

HttpParser::Step HttpParser::step(std::string_view bytes) {
  // Beast takes for granted that the last chunk has five bytes when it looks at it again.
  constexpr std::string_view last_chunk = "0\r\n\r\n";
  if (used_none_ && bytes.size() < last_chunk.size()) return {};
  Visitor& visitor = *visitor_;
  visitor.piece = {};
  beast::error_code error;
  const std::size_t used = visitor.put(boost::asio::buffer(bytes.data(), bytes.size()), error);
  if (error && error != http::error::need_more) return {used, {}, error.message()};
  used_none_ = used == 0;
  return {used, visitor.piece, {}};
}

std::uint64_t HttpParser::remaining() const {
  return visitor_->content_length_remaining().value_or(0);
}

}  // namespace rebuf::daemon::ingest
