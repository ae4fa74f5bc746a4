#include <filesystem>
#include <optional>

#include "config/checks.h"
#include "config/closest.h"
#include "config/references.h"
#include "sinks/kafka/options.h"

namespace rebuf::config {
namespace {

// librdkafka says only "system lib" of a file that is not there. `ssl.ca.location` may be a
// directory.
std::optional<sinks::KafkaOptionProblem> check_file(const std::string& name,
                                                    const std::string& value) {
  std::error_code error;
  if (!name.ends_with(".location") || value == "probe" ||
      std::filesystem::is_directory(value, error))
    return std::nullopt;
  constexpr std::size_t longest = 16 << 20;
  std::string content;
  std::string why;
  if (read_file(value, longest, content, why)) return std::nullopt;
  return sinks::KafkaOptionProblem{false, "names a file that cannot be read: " + why,
                                   in_ticks(value)};
}

// Whether all properties are right, each for itself.
bool check_options(const Checked& checked, const SinkConfig& sink, const std::string& path) {
  bool right = true;
  const std::string of_sink = " in `librdkafka_options` of sink " + in_ticks(sink.name) + " ";
  for (const auto& [name, value] : sink.kafka.librdkafka_options) {
    auto problem = sinks::check_kafka_option(name, value);
    if (!problem) problem = check_file(name, value);
    if (!problem) continue;
    right = false;
    if (problem->unknown) problem->hint = did_you_mean(name, sinks::kafka_option_names());
    std::string place = path;
    place.append(".").append(name);
    checked.report.mistake(checked.places.at(place), in_ticks(name) + of_sink + problem->what,
                           problem->hint);
  }
  return right;
}

void check_brokers(const Checked& checked, const SinkConfig& sink, const std::string& path) {
  if (!sink.kafka.brokers.empty() || !checked.places.sound(path)) return;
  checked.report.mistake(checked.places.at(path),
                         "sink " + in_ticks(sink.name) + " has no `brokers`",
                         "add `brokers: [\"kafka1.example.org:9092\"]`");
}

}  // namespace

void check_kafka(const Checked& checked) {
  for (const SinkConfig& sink : checked.config.sinks) {
    const std::string base = "sinks." + sink.name;
    if (sink.type != SinkType::kafka || !checked.places.sound(base + ".type")) continue;
    if (sink.kafka.embedded)
      checked.report.warning(sink.location,
                             "sink " + in_ticks(sink.name) +
                                 " is librdkafka's mock cluster: a 200 means memory, not Kafka",
                             "for trying out only; `type: kafka` for data");
    else
      check_brokers(checked, sink, base + ".brokers");
    const std::string path = base + ".librdkafka_options";
    if (!checked.places.sound(path) || !check_options(checked, sink, path)) continue;
    const std::string error = sinks::check_kafka_settings(
        {sink.name, {}, sink.kafka.librdkafka_options, sink.kafka.partitioner, false});
    if (!error.empty())
      checked.report.mistake(checked.places.at(path),
                             "librdkafka refuses sink " + in_ticks(sink.name) + ": " + error,
                             "look at its `ssl.*` and `sasl.*` properties");
  }
}

}  // namespace rebuf::config
