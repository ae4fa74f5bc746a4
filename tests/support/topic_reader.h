// What lies in a topic, read with a consumer of its own.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rebuf::test {

struct Stored {
  std::string value;
  std::optional<std::string> key;
  std::map<std::string, std::string> headers;
  std::int64_t timestamp_ms = 0;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

// The whole topic, partition after partition, each in order: all that was acknowledged before the
// call, if its brokers know which of them leads. What comes during it may be left out.
[[nodiscard]] std::vector<Stored> read_topic(const std::string& bootstrap,
                                             const std::string& topic);

// The same when there are several brokers. One that led and was frozen, or had no processor,
// answers as if it still did until it hears of its successor. So a message is written behind all
// others of each partition, and all that stands before it is returned; writing must be possible.
[[nodiscard]] std::vector<Stored> read_topic_to_mark(const std::string& bootstrap,
                                                     const std::string& topic);

}  // namespace rebuf::test
