#include "tests/daemon/route/sim/judge.h"

#include <algorithm>
#include <set>

namespace rebuf::daemon::sim {
namespace {

void require(bool kept, const char* promise, std::uint64_t number) {
  if (!kept) throw Violation(std::string(promise) + " (number " + std::to_string(number) + ")");
}

}  // namespace

Number Judge::offered(const std::vector<std::uint32_t>& partitions) {
  Asked asked;
  asked.first = static_cast<Number>(messages_.size());
  asked.count = static_cast<std::uint32_t>(partitions.size());
  asked.offered = ++event_;
  for (std::uint32_t i = 0; i < asked.count; ++i) {
    Message message;
    message.request = requests();
    message.index = i;
    message.partition = partitions[i];
    messages_.push_back(message);
    if (first_deliveries_.size() <= partitions[i]) first_deliveries_.resize(partitions[i] + 1);
  }
  requests_.push_back(asked);
  return asked.first;
}

void Judge::answered(std::uint32_t request, const Answer& answer) {
  Asked& asked = requests_[request];
  require(asked.answered == 0, "one answer for each request", request);
  asked.answered = ++event_;
  asked.ok = answer.code == AnswerCode::ok;
  if (asked.ok)
    require(answer.delivered + answer.buffered + answer.refused.size() == asked.count,
            "an answer speaks of every message", request);
  std::set<std::uint32_t> refused;
  for (const RefusedMessage& message : answer.refused) refused.insert(message.index);
  std::uint32_t taken = 0;
  for (std::uint32_t i = 0; i < asked.count; ++i) {
    Message& message = messages_[asked.first + i];
    taken += message.deliveries > 0 ? 1 : 0;
    message.safe = asked.ok;
    message.gone = !asked.ok && answer.code != AnswerCode::outcome_unknown;
    require(!message.gone || !message.dead || message.replayed,
            "what lies in the dead letters is not answered as not kept", asked.first + i);
    if (!asked.ok) continue;
    const bool kept = message.deliveries > 0 || message.copies > 0;
    if (refused.contains(i))
      require(message.dead || message.exempt || message.replayed,
              "P1: refused among others is in the dead letters", asked.first + i);
    else
      require(kept || message.dead || message.exempt, "P1: a 2xx comes when the message is safe",
              asked.first + i);
  }
  if (asked.ok && answer.buffered == 0)
    require(taken >= answer.delivered, "P1: a 200 comes when the sink has everything", request);
}

void Judge::dead_lettered(Number number) {
  Message& message = messages_[number];
  require(!message.gone || message.replayed, "a message answered as not kept is not dead-lettered",
          number);
  message.dead = true;
}

void Judge::removed(Number number, Why why) {
  Message& message = messages_[number];
  --message.copies;
  const bool needed =
      message.safe && message.deliveries == 0 && !message.dead && message.copies == 0;
  if (why == Why::done)
    require(!needed || message.exempt, "P1: only what is done is purged", number);
  if (why == Why::damaged) ++damaged_;
  message.dropped |= why == Why::dropped;
  if (why != Why::done) message.exempt = true;
}

void Judge::taken(Number number) {
  Message& message = messages_[number];
  // A letter's client may have been told so when the rest of its request failed.
  require(!message.gone || message.replayed, "a message answered as not kept is not delivered",
          number);
  require(!message.finished || message.deliveries == 0,
          "P3: what lies before the durable cursor is not delivered again", number);
  if (message.deliveries++ == 0) {
    first_deliveries_[message.partition].push_back(number);
    return;
  }
  require(message.may_repeat, "P3: a duplicate only where nobody could know", number);
}

void Judge::forgiven() {
  for (Message& message : messages_) message.late |= message.poison;
}

void Judge::comes_back(Number number) {
  messages_[number].late = true;
  messages_[number].finished = false;
  messages_[number].replayed = true;
}

void Judge::came_back(Number number, bool dead_again) {
  Message& message = messages_[number];
  message.dead = dead_again;
  require(dead_again || message.exempt || message.copies > 0 || message.deliveries > 0,
          "P1: a letter goes when its message is safe", number);
}

void Judge::crashed() {
  for (Message& message : messages_) message.may_repeat = true;
  for (Asked& asked : requests_) asked.died |= asked.answered == 0;
}

void Judge::cursor_lost() {
  for (Message& message : messages_) message.finished = false;
}

std::pair<std::uint64_t, std::uint64_t> Judge::dropped() const {
  std::pair<std::uint64_t, std::uint64_t> count;
  for (const Message& message : messages_) {
    if (!message.dropped || (message.dead && !message.replayed)) continue;
    if (message.deliveries == 0 && !message.poison && !message.dead) ++count.first;
    if (message.deliveries == 0 || message.may_repeat) ++count.second;
  }
  return count;
}

void Judge::check_no_loss() const {
  for (Number number = 0; number < messages_.size(); ++number) {
    const Message& message = messages_[number];
    if (message.safe && !message.exempt)
      require(message.deliveries > 0 || message.dead, "P1: nothing acknowledged is lost", number);
  }
}

// In each partition: a before b in one request, or a answered before b was sent.
void Judge::check_order() const {
  for (const auto& deliveries : first_deliveries_) {
    std::uint64_t latest_offer = 0;
    std::vector<std::uint32_t> next_index(requests_.size(), 0);
    for (const Number number : deliveries) {
      const Message& message = messages_[number];
      const Asked& asked = requests_[message.request];
      if (message.late || message.exempt) continue;
      require(message.index >= next_index[message.request], "P2: order within a request", number);
      next_index[message.request] = message.index;
      require(!asked.ok || asked.answered > latest_offer,
              "P2: what was answered before another was sent comes first", number);
      latest_offer = std::max(latest_offer, asked.offered);
    }
  }
}

void Judge::check_all_answered() const {
  for (std::uint32_t request = 0; request < requests_.size(); ++request)
    require(requests_[request].answered != 0 || requests_[request].died,
            "every request is answered", request);
}

}  // namespace rebuf::daemon::sim
