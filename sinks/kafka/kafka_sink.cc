#include "sinks/kafka/kafka_sink.h"

#include <utility>

#include "sinks/kafka/producers.h"

namespace rebuf::sinks {

KafkaSinkResult make_kafka_sink(KafkaSettings settings, Logger log, DeliveryObserver observer) {
  auto sink =
      std::make_unique<kafka::Producers>(std::move(settings), std::move(log), std::move(observer));
  KafkaSinkResult result;
  result.error = sink->start();
  if (result.error.empty()) result.sink = std::move(sink);
  return result;
}

}  // namespace rebuf::sinks
