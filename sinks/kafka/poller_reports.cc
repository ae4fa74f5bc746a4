// What became of messages: delivery reports into the channels' reports.
#include <utility>

#include "sinks/kafka/errors.h"
#include "sinks/kafka/poller.h"

namespace rebuf::sinks::kafka {
namespace {

Slot& slot_of(const rd_kafka_message_t& message) { return *static_cast<Slot*>(message._private); }

const char* reason_of(const rd_kafka_message_t& message) {
  return message.err == RD_KAFKA_RESP_ERR_NO_ERROR
             ? "a later request was acknowledged, this one was not"
             : rd_kafka_err2str(message.err);
}

Report report_on(const rd_kafka_message_t& message, Outcome outcome) {
  Report report;
  report.token = slot_of(message).token;
  report.outcome = outcome;
  report.partition = message.partition;
  if (outcome == Outcome::delivered) {
    report.offset = message.offset;
    return report;
  }
  report.maybe_delivered = outcome == Outcome::given_back &&
                           rd_kafka_message_status(&message) != RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
  report.detail = reason_of(message);
  return report;
}

}  // namespace

void Poller::delivery_reports(rd_kafka_event_t* event) {
  // One event is the fate of one batch, so the messages in it that are to blame are known together.
  std::vector<const rd_kafka_message_t*> messages(rd_kafka_event_message_count(event));
  messages.resize(rd_kafka_event_message_array(event, messages.data(), messages.size()));
  std::size_t delivered = 0;
  std::size_t to_blame = 0;
  double oldest_seconds = 0;
  const Time now = std::chrono::steady_clock::now();
  for (const rd_kafka_message_t* message : messages) {
    Slot& slot = slot_of(*message);
    if (Turn* turn = std::exchange(slot.turn, nullptr)) turns_.done(*turn);
    if (!acknowledged(*message, *messages.front())) {
      to_blame += message_refusal(message->err) != Refusal::none ? 1 : 0;
      continue;
    }
    constexpr double microseconds = 1e6;
    if (delivered++ == 0)  // in the order in which they were produced
      oldest_seconds = static_cast<double>(rd_kafka_message_latency(message)) / microseconds;
    slot.channel->add_report(slot, report_on(*message, Outcome::delivered), now);
  }
  used_ = true;
  if (delivered > 0) {
    rebuilds_without_delivery_ = 0;
    set_up();
    if (observer_) observer_(oldest_seconds, delivered);
  }
  if (delivered == messages.size()) return;
  for (const rd_kafka_message_t* message : messages)
    if (!acknowledged(*message, *messages.front())) failed(*message, to_blame == 1, now);
}

void Poller::failed(const rd_kafka_message_t& message, bool only_one_to_blame, Time now) {
  Slot& slot = slot_of(message);
  KafkaChannel& channel = *slot.channel;
  const std::string topic = rd_kafka_topic_name(message.rkt);
  const bool own = topic == channel.topic();
  Refusal refusal = message_refusal(message.err);
  if (refusal == Refusal::too_large) topics_.doubt(*topics_.find(topic), {});
  const bool suspect = refusal != Refusal::none && !only_one_to_blame;
  if (!own && not_authorized(message.err)) refusal = Refusal::auth;
  // Not the message is to blame then, but our clock, and it may be set right.
  const bool clock_is_wrong =
      slot.stamped_here && !suspect && message.err == RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP;
  if (clock_is_wrong) refusal = Refusal::none;
  if (refusal != Refusal::none && !suspect) {
    Report report = report_on(message, Outcome::refused);
    report.refusal = refusal;
    channel.add_report(slot, report, now);
    channel.clear_suspects();
    return;
  }
  channel.add_report(slot, report_on(message, Outcome::given_back), now, suspect);
  std::string reason = topic + ": " + reason_of(message);
  if (clock_is_wrong) reason += "; this host's clock is ahead of the brokers'";
  if (message.err == RD_KAFKA_RESP_ERR_NO_ERROR || consequence(message.err)) {
    want_rebuild(Cause::failure, reason);
    return;
  }
  if (topic_missing(message.err)) topics_.doubt(*topics_.find(topic), {});
  if (own && !suspect) own_topic_fails(channel, error_class(message.err), reason);
  want_rebuild(Cause::failure, reason);
}

}  // namespace rebuf::sinks::kafka
