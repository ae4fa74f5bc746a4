#include "daemon/idempotency/key_window.h"

#include <algorithm>

namespace rebuf::daemon::idempotency {
namespace {

// What a remembered key takes besides its own bytes and its answer's, about.
constexpr std::size_t overhead_bytes = 256;
constexpr std::uint32_t retry_soon_s = 1;

}  // namespace

std::size_t KeyWindow::bytes_of(std::string_view key, std::string_view answer) {
  return overhead_bytes + key.size() + answer.size();
}

std::uint64_t KeyWindow::restore(const KeyRecord& record, Time now, WallTime wall) {
  const std::uint64_t number = next_number_++;
  const auto answered = WallTime(std::chrono::milliseconds(record.time_ms));
  // A clock that went back since makes a key live longer, not shorter.
  const auto age = std::max(wall - answered, WallTime::duration::zero());
  if (age >= limits_.age) return number;
  const Time until = now + limits_.age - std::chrono::duration_cast<Clock::duration>(age);
  remember(record.key, record.fingerprint, std::string(record.answer), until, number);
  forget_old(now);
  return number;
}

KeyWindow::Begun KeyWindow::begin(std::string_view key, const Fingerprint& fingerprint,
                                  const std::shared_ptr<Request>& client, Time now,
                                  Answers& answers) {
  forget_old(now);
  const std::string name(key);
  if (const auto known = remembered_.find(name); known != remembered_.end()) {
    if (known->second.fingerprint != fingerprint) return Begun::other_body;
    tell({client, client->batch.size(), false}, *decode_answer(known->second.answer), answers);
    return Begun::repeated;
  }
  const auto [place, is_new] = running_.try_emplace(name);
  Running& running = place->second;
  if (is_new) running.fingerprint = fingerprint;
  if (running.fingerprint != fingerprint) return Begun::other_body;
  running.clients.push_back({client, client->batch.size(), is_new});
  return is_new ? Begun::first : Begun::joined;
}

void KeyWindow::answered(std::string_view key, Answer answer, Answers& answers) {
  const auto place = running_.find(std::string(key));
  Running& running = place->second;
  if (answer.code == AnswerCode::ok) {
    running.answer = std::move(answer);
    running.number = next_number_++;
    unwritten_.push_back(place->first);
    return;
  }
  for (const Client& client : running.clients) tell(client, answer, answers);
  running_.erase(place);
}

std::vector<std::string> KeyWindow::unwritten(std::size_t most, WallTime wall) const {
  const std::int64_t time_ms =
      std::chrono::duration_cast<std::chrono::milliseconds>(wall.time_since_epoch()).count();
  std::vector<std::string> records;
  for (std::size_t i = 0; i < std::min(most, unwritten_.size()); ++i) {
    const Running& running = running_.find(std::string(unwritten_[i]))->second;
    records.push_back(
        encode({unwritten_[i], running.fingerprint, time_ms, encode_answer(*running.answer)}));
  }
  return records;
}

void KeyWindow::written(std::size_t count, Time now, Answers& answers) {
  for (; count > 0; --count) {
    const auto place = running_.find(std::string(unwritten_.front()));
    unwritten_.pop_front();
    const Running running = std::move(place->second);
    for (const Client& client : running.clients) tell(client, *running.answer, answers);
    remember(place->first, running.fingerprint, encode_answer(*running.answer), now + limits_.age,
             running.number);
    running_.erase(place);
  }
  forget_old(now);
}

void KeyWindow::expire_clients(Time now, Answers& answers) {
  Answer unknown;
  unknown.code = AnswerCode::outcome_unknown;
  unknown.detail = "the first request with this Idempotency-Key has no answer yet";
  unknown.retry_after_s = retry_soon_s;
  for (auto& entry : running_) {
    const std::optional<Answer>& answer = entry.second.answer;
    std::erase_if(entry.second.clients, [&](const Client& client) {
      if (client.request->deadline > now || (client.first && !answer)) return false;
      tell(client, answer ? *answer : unknown, answers);
      return true;
    });
  }
}

std::uint64_t KeyWindow::oldest_unwritten() const {
  return running_.find(std::string(unwritten_.front()))->second.number;
}

std::uint64_t KeyWindow::oldest_needed() const {
  if (!places_.empty()) return places_.front().number;
  return unwritten_.empty() ? next_number_ : oldest_unwritten();
}

void KeyWindow::remember(std::string_view key, const Fingerprint& fingerprint, std::string answer,
                         Time until, std::uint64_t number) {
  last_until_ = std::max(last_until_, until);
  const auto [place, is_new] = remembered_.try_emplace(std::string(key));
  if (!is_new) bytes_ -= bytes_of(key, place->second.answer);
  bytes_ += bytes_of(key, answer);
  place->second = {fingerprint, std::move(answer), last_until_, number};
  places_.push_back({number, place->first});
}

void KeyWindow::forget_old(Time now) {
  while (!places_.empty()) {
    const Place oldest = places_.front();
    const auto known = remembered_.find(std::string(oldest.key));
    if (known->second.number == oldest.number) {
      const bool old = known->second.until <= now;
      const bool crowded = remembered_.size() > limits_.max_keys ||
                           (bytes_ > limits_.max_bytes && remembered_.size() > 1);
      if (!old && !crowded) return;
      if (!old) ++crowded_out_;
      bytes_ -= bytes_of(known->first, known->second.answer);
      remembered_.erase(known);
    }
    places_.pop_front();
  }
}

// A repeat is told that it is one only when there is something to repeat.
void KeyWindow::tell(const Client& client, const Answer& answer, Answers& answers) {
  Answer own = answer;
  if (!client.first && answer.code == AnswerCode::ok) {
    own.repeated = true;
    suppressed_ += client.messages;
  }
  answers.emplace_back(client.request, std::move(own));
}

}  // namespace rebuf::daemon::idempotency
