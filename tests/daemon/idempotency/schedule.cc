#include "schedule.h"

#include <algorithm>

namespace rebuf::daemon::idempotency_test {
namespace {

using namespace idempotency;
using namespace std::chrono_literals;

constexpr auto age = 1000ms;

void demand(bool holds, const std::string& what) {
  if (!holds) throw Violation(what);
}

KeyLimits random_limits(sim::Random& random) {
  return {age, random.between(1, 8), random.one_in(2) ? 1U << 20 : random.between(300, 2000)};
}

}  // namespace

Schedule::Schedule(std::uint64_t seed)
    : random_(seed), limits_(random_limits(random_)), window_(std::make_unique<Window>(limits_)) {}

void Schedule::run() {
  const std::uint64_t steps = random_.between(20, 400);
  for (std::uint64_t i = 0; i < steps; ++i) {
    step();
    judge_bounds();
  }
  finish();
}

// The route answers all, the log takes all: then nobody waits any more.
void Schedule::finish() {
  while (std::any_of(forwarded_.begin(), forwarded_.end(),
                     [](const auto& request) { return !request.second.answer; }))
    route_answers();
  while (window_->has_unwritten()) write();
  demand(asked_.empty(), "a client is never answered");
}

void Schedule::step() {
  switch (random_.below(8)) {
    case 0:
    case 1:
    case 2:
      return begin();
    case 3:
    case 4:
      return route_answers();
    case 5:
      return write();
    case 6: {
      const std::chrono::milliseconds passed(random_.below(random_.one_in(10) ? 1500 : 100));
      now_ += passed;
      wall_ += passed;
      return expire_clients();
    }
    default:
      if (random_.one_in(5)) crash();
  }
}

void Schedule::begin() {
  forget_old();
  const std::string key = "k" + std::to_string(random_.below(10));
  const std::string body = random_.one_in(4) ? "other" : "body";
  const auto client = make_client(body, now_ + std::chrono::milliseconds(random_.below(500)));
  Window::Answers answers;
  const Window::Begun begun = window_->begin(key, of_body(body), client, now_, answers);
  note_crowded_out();

  const Known* const remembered = known(key);
  const auto running = forwarded_.find(key);
  if (remembered != nullptr) {
    demand(
        begun == (remembered->body == body ? Window::Begun::repeated : Window::Begun::other_body),
        key + " is remembered, and is forwarded again or answered for another body");
    ++seen[begun == Window::Begun::repeated ? "repeated" : "other body"];
  } else if (running != forwarded_.end()) {
    demand(
        begun == (running->second.body == body ? Window::Begun::joined : Window::Begun::other_body),
        key + " runs, and a repeat does not wait for it");
    ++seen["joined"];
  } else {
    demand(begun == Window::Begun::first, key + " is remembered, and was never answered 2xx");
    forwarded_[key] = {key, body, std::nullopt};
    ++seen["first"];
  }
  if (begun != Window::Begun::other_body) asked_.push_back({key, body, client});
  deliver(answers);
}

void Schedule::route_answers() {
  std::vector<std::string> waiting;
  for (const auto& [key, request] : forwarded_)
    if (!request.answer) waiting.push_back(key);
  if (waiting.empty()) return;
  const std::string key = waiting[random_.below(waiting.size())];
  const bool taken = !random_.one_in(3);
  const Answer answer = taken ? delivered(++ids_) : refused(AnswerCode::buffer_full);
  Window::Answers answers;
  window_->answered(key, answer, answers);
  if (taken) {
    forwarded_[key].answer = answer;
    unwritten_.push_back(key);
  } else {
    forwarded_.erase(key);
    ++seen["refused"];
  }
  demand(!taken || answers.empty(), key + " is answered 2xx before the log has it");
  deliver(answers);
}

// To the log and back, with a crash between any two steps; or the log takes nothing.
void Schedule::write() {
  if (!window_->has_unwritten()) {
    demand(unwritten_.empty(), "a record is not written");
    return;
  }
  const std::uint64_t first = window_->oldest_unwritten();
  const std::vector<std::string> records = window_->unwritten(random_.between(1, 3), wall_);
  const bool fails = random_.one_in(6);
  for (std::size_t i = 0; i < records.size(); ++i) {
    const auto record = decode_key_record(std::as_bytes(std::span(records[i])));
    demand(record && i < unwritten_.size() && record->key == unwritten_[i],
           "another record than was answered");
    if (fails) continue;
    log_.push_back({first + i, records[i]});
    if (random_.one_in(10)) return crash();
  }
  Window::Answers answers;
  window_->written(records.size(), now_, answers);
  ++seen[fails ? "not written" : "written"];
  for (std::size_t i = 0; i < records.size(); ++i) {
    const std::string key = unwritten_.front();
    unwritten_.erase(unwritten_.begin());
    const Forwarded request = forwarded_.at(key);
    forwarded_.erase(key);
    remember({key, request.body, encode_answer(*request.answer), now_ + age, !fails});
  }
  note_crowded_out();
  deliver(answers);
  if (random_.one_in(3))
    std::erase_if(log_, [&](const Logged& l) { return l.number < window_->oldest_needed(); });
}

void Schedule::expire_clients() {
  Window::Answers answers;
  window_->expire_clients(now_, answers);
  deliver(answers, true);
}

// What was not written is lost, with everybody who waited.
void Schedule::crash() {
  ++seen["crash"];
  forget_old();
  for (const Known& entry : known_)
    demand(!entry.in_log || is_logged(entry), entry.key + " is remembered, and its record purged");
  asked_.clear();
  forwarded_.clear();
  unwritten_.clear();
  known_.clear();
  if (random_.one_in(3)) wall_ += std::chrono::milliseconds(random_.below(2000)) - 1000ms;
  window_ = std::make_unique<Window>(limits_);
  crowded_out_ = 0;
  last_until_ = {};
  for (Logged& logged : log_) {
    const auto record = decode_key_record(std::as_bytes(std::span(logged.record)));
    forget_old();
    logged.number = window_->restore(*record, now_, wall_);
    const Clock::time_point until = until_of(*record);
    const auto fingerprint_is = [&](std::string_view body) {
      return record->fingerprint == of_body(body);
    };
    if (until > now_)
      remember({std::string(record->key), fingerprint_is("body") ? "body" : "other",
                std::string(record->answer), until, true});
    note_crowded_out();
  }
}

// A key is never remembered for longer than one that was answered after it.
Clock::time_point Schedule::until_of(const KeyRecord& record) {
  const auto answered =
      std::chrono::system_clock::time_point(std::chrono::milliseconds(record.time_ms));
  const auto passed = std::max<std::chrono::system_clock::duration>(wall_ - answered, 0s);
  if (passed < age) last_until_ = std::max(last_until_, now_ + age - passed);
  return passed < age ? last_until_ : now_;
}

bool Schedule::is_logged(const Known& entry) const {
  return std::any_of(log_.begin(), log_.end(), [&](const Logged& logged) {
    const auto record = decode_key_record(std::as_bytes(std::span(logged.record)));
    return record->key == entry.key && record->answer == entry.answer;
  });
}

void Schedule::remember(Known entry) {
  std::erase_if(known_, [&](const Known& old) { return old.key == entry.key; });
  known_.push_back(std::move(entry));
}

void Schedule::deliver(Window::Answers& answers, bool at_the_deadline) {
  for (auto& [request, answer] : answers) {
    const auto asked = std::find_if(asked_.begin(), asked_.end(),
                                    [&](const Asked& one) { return one.client == request; });
    demand(asked != asked_.end(), "an answer to nobody, or a second one");
    const Asked who = *asked;
    asked_.erase(asked);
    if (answer.code != AnswerCode::ok) {
      demand(!answer.repeated, "a refusal is told as a repeated answer");
      continue;
    }
    const Known* const entry = known(who.key);
    if (entry == nullptr) {
      const auto running = forwarded_.find(who.key);
      // Crowded out in the very step that made it known, or its deadline came before the log.
      const bool explained = at_the_deadline ? running != forwarded_.end() && running->second.answer
                                             : window_->crowded_out() > 0;
      demand(explained, who.key + " is answered 2xx, and not remembered");
      ++seen[at_the_deadline ? "answered at the deadline" : "crowded out at once"];
      continue;
    }
    demand(entry->body == who.body, who.key + " is answered for another body");
    demand(entry->answer == encode_answer(answer), who.key + " has two different answers");
  }
}

void Schedule::forget_old() {
  std::erase_if(known_, [&](const Known& entry) { return entry.until <= now_; });
}

// The oldest went, and only because there were too many.
void Schedule::note_crowded_out() {
  forget_old();
  for (; crowded_out_ < window_->crowded_out(); ++crowded_out_) {
    std::size_t bytes = 0;
    for (const Known& entry : known_) bytes += entry.key.size() + entry.answer.size() + 256;
    demand(known_.size() > limits_.max_keys || (bytes > limits_.max_bytes && known_.size() > 1),
           "a key is crowded out, and there was room");
    known_.erase(known_.begin());
    ++seen["crowded out"];
  }
}

void Schedule::judge_bounds() {
  demand(window_->remembered() <= limits_.max_keys, "more keys than max_keys");
  demand(window_->bytes() <= limits_.max_bytes || window_->remembered() == 1,
         "more than max_bytes");
  for (const Asked& asked : asked_)
    demand(asked.client->answers() == 0, "an answer went past the window");
}

Schedule::Known* Schedule::known(const std::string& key) {
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const Known& entry) { return entry.key == key; });
  return found == known_.end() ? nullptr : &*found;
}

}  // namespace rebuf::daemon::idempotency_test
