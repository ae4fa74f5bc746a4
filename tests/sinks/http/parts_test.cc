// The parts of the HTTP sink that need no network.
#include <doctest/doctest.h>

#include "sinks/http/framing.h"
#include "sinks/http/id_ranges.h"
#include "sinks/http/request.h"
#include "sinks/http/url.h"
#include "sinks/http/verdict.h"

namespace rebuf::sinks::http {
namespace {

TEST_CASE("a URL is taken apart") {
  const auto parse = [](const char* text) {
    const UrlResult parsed = parse_url(text);
    CHECK_MESSAGE(parsed.error.empty(), parsed.error);
    return parsed.url;
  };
  Url url = parse("http://example.org");
  CHECK_FALSE(url.tls);
  CHECK(url.host == "example.org");
  CHECK(url.port == 80);
  CHECK(url.target == "/");
  CHECK(url.host_header == "example.org");

  url = parse("HTTPS://example.org:8443/base/in?token=a%20b");
  CHECK(url.tls);
  CHECK(url.port == 8443);
  CHECK(url.target == "/base/in?token=a%20b");
  CHECK(url.host_header == "example.org:8443");

  url = parse("https://[2001:db8::1]:443?x");
  CHECK(url.host == "2001:db8::1");
  CHECK(url.port == 443);
  CHECK(url.target == "/?x");
  CHECK(url.host_header == "[2001:db8::1]");
}

TEST_CASE("a URL that cannot work is refused, with the reason") {
  for (const char* text :
       {"", "example.org", "ftp://example.org", "http://", "http://:80", "http://user:pw@host/",
        "http://host:0", "http://host:65536", "http://host:x", "http://host:", "http://[::1",
        "http://[nonsense]/", "http://[::1]x", "http://ho st/", "http://host/a b",
        "http://host/\xc3\xa4", "http://host/#part", "http://ho\"st/"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_url(text).error.empty());
  }
}

TEST_CASE("Retry-After is seconds or a date, at most an hour") {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  const auto now = std::chrono::system_clock::from_time_t(784'111'777);  // 08:49:37 of that day
  CHECK(parse_retry_after("120", now) == seconds(120));
  CHECK(parse_retry_after("0", now) == seconds(0));
  CHECK(parse_retry_after("86400", now) == seconds(3600));
  CHECK(parse_retry_after("9223372036854775807", now) == seconds(3600));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:50:00 GMT", now) == seconds(23));
  CHECK(parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now) == seconds(0));
  CHECK(parse_retry_after("Fri, 31 Dec 9999 23:59:59 GMT", now) == seconds(3600));
  for (const char* text : {"", "-1", "soon", "1.5", "12 h"}) {
    CAPTURE(text);
    CHECK_FALSE(parse_retry_after(text, now).has_value());
  }
}

TEST_CASE("configured headers that cannot be sent are refused, without showing a secret") {
  CHECK(unfit_header({}).empty());
  CHECK(unfit_header({{"Authorization", "Bearer s3cret"}, {"X-Empty", ""}}).empty());
  CHECK_FALSE(unfit_header({{"X Y", "1"}}).empty());
  CHECK_FALSE(unfit_header({{"", "1"}}).empty());
  const std::string unfit = unfit_header({{"Authorization", "Bearer s3cret\n"}});
  CHECK(unfit.find("Authorization") != std::string::npos);
  CHECK(unfit.find("s3cret") == std::string::npos);
}

TEST_CASE("ids that follow each other are one range") {
  MessageId id;
  id.bytes[0] = 0xab;
  id.bytes[15] = 0xff;
  IdRanges ranges;
  CHECK(ranges.text().empty());
  CHECK(ranges.add(id));
  id.bytes[14] = 1;
  id.bytes[15] = 0;
  CHECK(ranges.add(id));
  id.bytes[15] = 2;  // one is left out
  CHECK(ranges.add(id));
  CHECK(ranges.text() == "ab0000000000000000000000000000ff+2,ab000000000000000000000000000102+1");
}

TEST_CASE("what fits a batch comes out of it byte for byte") {
  Framing lines(HttpFormat::ndjson);
  CHECK(lines.fits("any \t text"));
  CHECK(lines.fits("carriage\rreturn within"));
  for (const char* text : {"", "\n", "two\nlines", "ends\n", "ends\r"})
    CHECK_FALSE(lines.fits(text));

  Framing array(HttpFormat::json_array);
  for (const char* text : {"{}", " [1, 2]\n", "\"text\"", "null", "1e3", "18446744073709551615"})
    CHECK(array.fits(text));
  for (const char* text : {"", " ", "{", "1,2", "1 2", "[1]]", "nul", "'text'", "\xff", "NaN"})
    CHECK_FALSE(array.fits(text));
}

}  // namespace
}  // namespace rebuf::sinks::http
