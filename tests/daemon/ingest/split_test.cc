#include "daemon/ingest/split.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "daemon/ingest/glob.h"
#include "daemon/ingest/reply.h"

namespace rebuf::daemon::ingest {
namespace {

using namespace std::string_literals;

std::vector<std::string> messages(Form form, const std::string& body) {
  std::vector<std::string> found;
  const SplitResult result =
      split(form, body, [&](std::string_view message) { found.emplace_back(message); });
  if (!result.ok()) return {"malformed: " + result.error};
  CHECK(result.messages == found.size());
  return found;
}

using Strings = std::vector<std::string>;

TEST_CASE("LF and CRLF end a line, empty lines are skipped, the last needs no end") {
  CHECK(messages(Form::lines, "a\nb\r\n\n\r\nc") == Strings{"a", "b", "c"});
  CHECK(messages(Form::lines, "a\n") == Strings{"a"});
  CHECK(messages(Form::lines, "a") == Strings{"a"});
}

TEST_CASE("a line keeps every byte that is no end of line") {
  CHECK(messages(Form::lines, "a\0b\n \r \n\xff\xfe\nd\re"s) ==
        Strings{"a\0b"s, " \r ", "\xff\xfe", "d\re"});
}

TEST_CASE("a body without a line is malformed") {
  for (const char* body : {"", "\n", "\r\n\n"})
    CHECK_FALSE(split(Form::lines, body, [](auto) {}).ok());
}

TEST_CASE("elements of an array stay byte for byte as they stood") {
  CHECK(messages(Form::json_array,
                 " [ 1.0e5 ,-0,123456789012345678901234567890,1e999, {\"a\":1, \"a\" : 2},\r\n\t"
                 "\"\\u00e9\\ud800\xc3\xa9\",[ [ ],{ } , [1,[2]] ],true,false,null,\"\" ] \n") ==
        Strings{"1.0e5", "-0", "123456789012345678901234567890", "1e999", "{\"a\":1, \"a\" : 2}",
                "\"\\u00e9\\ud800\xc3\xa9\"", "[ [ ],{ } , [1,[2]] ]", "true", "false", "null",
                "\"\""});
}

TEST_CASE("what is not one valid JSON array is malformed") {
  const Strings bodies{"",
                       " ",
                       "[]",
                       "[ ]",
                       "{}",
                       "1",
                       "[1",
                       "[1,]",
                       "[,1]",
                       "[1 2]",
                       "[1]]",
                       "[1]x",
                       "[1][2]",
                       "[01]",
                       "[1.]",
                       "[.5]",
                       "[+1]",
                       "[-]",
                       "[1e]",
                       "[1e+]",
                       "[tru]",
                       "[nul]",
                       "[True]",
                       "[NaN]",
                       "['a']",
                       "[\"a]",
                       "[\"\\x\"]",
                       "[\"\\u12g4\"]",
                       "[\"\\u12",
                       "[\"\n\"]",
                       "[{]",
                       "[{\"a\"}]",
                       "[{\"a\":}]",
                       "[{\"a\":1,}]",
                       "[{a:1}]",
                       "[{\"a\":1]",
                       "[[1}]",
                       "[{1:2}]",
                       "[\"\xff\"]",
                       "[\"\xc3\"]",
                       "\xef\xbb\xbf[1]",
                       "[1]\0"s,
                       "[\"a\0b\"]"s,
                       "[\"\\",
                       "[{\"a\" 1}]",
                       "[-a]",
                       "[1,\"",
                       "[\"\xed\xa0\x80\"]"};
  for (const std::string& body : bodies) {
    CAPTURE(body);
    CHECK_FALSE(split(Form::json_array, body, [](auto) {}).ok());
  }
}

TEST_CASE("a malformed array tells the index of the element at fault") {
  CHECK(split(Form::json_array, "[1,2,x]", [](auto) {}).messages == 2);
}

TEST_CASE("arrays nest to a limit and no deeper") {
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + "1" + std::string(depth, ']');
  };
  CHECK(split(Form::json_array, nested(max_json_depth), [](auto) {}).ok());
  CHECK_FALSE(split(Form::json_array, nested(max_json_depth + 1), [](auto) {}).ok());
  CHECK_FALSE(split(Form::json_array, std::string(1'000'000, '['), [](auto) {}).ok());
}

TEST_CASE("globs") {
  CHECK(glob_matches("plant-*", "plant-7"));
  CHECK(glob_matches("*", ""));
  CHECK(glob_matches("a*b*c", "a--b-b--c"));
  CHECK(glob_matches("a?c", "abc"));
  CHECK_FALSE(glob_matches("plant-*", "plan-7"));
  CHECK_FALSE(glob_matches("a*b", "abc"));
  CHECK_FALSE(glob_matches("", "a"));
}

TEST_CASE("text becomes a JSON string whatever its bytes") {
  std::string out;
  append_json_string(out, "a\"\\\n\x01\xc3\xa9\xff");
  CHECK(out == "\"a\\\"\\\\\\u000a\\u0001\xc3\xa9\xEF\xBF\xBD\"");
}

}  // namespace
}  // namespace rebuf::daemon::ingest
