#include "sinks/kafka/options.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <string_view>

#include "sinks/kafka/client.h"
#include "sinks/kafka/handles.h"

namespace rebuf::sinks {
namespace {

struct Property {
  std::string stands_for;  // itself, or what it is an alias of
  bool consumer_only = false;
  std::string range;  // "0 .. 900000", "none, gzip, …"; may be empty
};
using Properties = std::map<std::string, Property>;

// What promises rest on, or what the sink sets itself, and where to turn instead. By the names that
// librdkafka itself uses; a name with a `*` at its end stands for all that begin so.
struct Reserved {
  std::string_view name;
  std::string_view hint;
};
constexpr std::string_view ours = "leave it out";
constexpr std::array<Reserved, 22> reserved{{
    {"request.required.acks", "always `all`: leave it out"},
    {"enable.idempotence", "always on: leave it out"},
    {"enable.gapless.guarantee", "always on: leave it out"},
    {"message.timeout.ms", "messages are held until Kafka has them; see `spill_after`"},
    {"message.send.max.retries", ours},
    {"queue.buffering.*", "see `window` of the routes"},
    {"batch.size", "follows the topics' max.message.bytes: leave it out"},
    {"message.max.bytes", "follows the topics' max.message.bytes: leave it out"},
    {"max.in.flight*", ours},
    {"socket.timeout.ms", ours},
    {"reconnect.backoff.max.ms", ours},
    {"topic.metadata.propagation.max.ms", ours},
    {"metadata.broker.list", "use the sink's `brokers`"},
    {"partitioner", "use the sink's `partitioner`"},
    {"sticky.partitioning.linger.ms", "a message without a key goes by its id: leave it out"},
    {"plugin.library.paths", "rebufd loads no foreign code"},
    {"transactional.id", ours},
    {"transaction.timeout.ms", ours},
    {"delivery.report.only.error", "rebufd needs every report"},
    {"queuing.strategy", "always first in, first out"},
    {"test.mock.num.brokers", "use `type: embedded_kafka`"},
    {"log_level", "see `log.level`"},
}};

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

// librdkafka's own table, the source of its CONFIGURATION.md: it alone tells what an alias is of.
std::string properties_text() {
  struct Free {
    void operator()(char* text) const noexcept { std::free(text); }
  };
  char* text = nullptr;
  std::size_t length = 0;
  std::FILE* stream = ::open_memstream(&text, &length);
  if (stream == nullptr) return {};
  rd_kafka_conf_properties_show(stream);
  const bool written = std::fclose(stream) == 0;
  const std::unique_ptr<char, Free> owner(text);
  return written ? std::string(text, length) : std::string();
}

// A row: name | C/P | range | default | importance | description.
void add_row(Properties& properties, std::string_view row) {
  std::array<std::string_view, 6> cells;
  for (std::string_view& cell : cells) {
    const std::size_t bar = row.find('|');
    cell = trimmed(row.substr(0, bar));
    row.remove_prefix(bar == std::string_view::npos ? row.size() : bar + 1);
  }
  if (cells[1] != "*" && cells[1] != "C" && cells[1] != "P") return;
  constexpr std::string_view alias = "Alias for `";
  Property property{std::string(cells[0]), cells[1] == "C", std::string(cells[2])};
  if (const std::size_t at = cells[5].find(alias); at != std::string_view::npos) {
    const std::string_view name = cells[5].substr(at + alias.size());
    property.stands_for = name.substr(0, name.find('`'));
  }
  properties.emplace(cells[0], std::move(property));
}

const Properties& properties() {
  static const Properties all = [] {
    Properties read;
    const std::string text = properties_text();
    std::string_view rest = text;
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find('\n'), rest.size());
      add_row(read, rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
    return read;
  }();
  return all;
}

const Reserved* find_reserved(std::string_view name) {
  const auto matches = [&](const Reserved& r) {
    return r.name.ends_with('*') ? name.starts_with(r.name.substr(0, r.name.size() - 1))
                                 : name == r.name;
  };
  const auto found = std::find_if(reserved.begin(), reserved.end(), matches);
  return found == reserved.end() ? nullptr : &*found;
}

}  // namespace

std::optional<KafkaOptionProblem> check_kafka_option(const std::string& name,
                                                     const std::string& value) {
  const auto found = properties().find(name);
  if (found == properties().end())
    return KafkaOptionProblem{true, "is not a property of librdkafka", {}};
  const Property& property = found->second;
  if (const Reserved* taken = find_reserved(property.stands_for)) {
    const bool alias = property.stands_for != name;
    return KafkaOptionProblem{
        false, "is set by rebufd itself" + (alias ? " (it is `" + property.stands_for + "`)" : ""),
        std::string(taken->hint)};
  }
  if (property.consumer_only)
    return KafkaOptionProblem{false, "is a property of consumers", "leave it out"};
  const kafka::ConfHandle conf(rd_kafka_conf_new());
  std::array<char, 512> why{};
  if (rd_kafka_conf_set(conf.get(), name.c_str(), value.c_str(), why.data(), why.size()) ==
      RD_KAFKA_CONF_OK)
    return std::nullopt;
  if (property.range.empty())
    return KafkaOptionProblem{false, std::string("is refused: ") + why.data(), {}};
  return KafkaOptionProblem{false, "does not take this value", "allowed: " + property.range};
}

std::vector<std::string> kafka_option_names() {
  std::vector<std::string> names;
  for (const auto& [name, property] : properties())
    if (!property.consumer_only && find_reserved(property.stands_for) == nullptr)
      names.push_back(name);
  return names;
}

std::string check_kafka_settings(const KafkaSettings& settings) {
  return kafka::why_no_client(settings);
}

}  // namespace rebuf::sinks
