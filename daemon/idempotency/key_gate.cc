#include "daemon/idempotency/key_gate.h"

#include <utility>

namespace rebuf::daemon::idempotency {
namespace {

constexpr std::size_t most_records = 256;  // of one write
constexpr std::chrono::minutes tell_pause{1};

std::uint64_t bytes_of(const KeyGateSettings& settings) {
  return settings.max_keys * config::idempotency_bytes_per_key;
}

void deliver(KeyWindow::Answers& answers) {
  for (auto& [request, answer] : answers) request->on_answer(std::move(answer));
}

Answer key_reused() {
  Answer answer;
  answer.code = AnswerCode::key_reused;
  answer.detail =
      "this Idempotency-Key came with another request (body, Rebuf-Key, Rebuf-Topic or form); a "
      "new "
      "request needs a new key";
  return answer;
}

}  // namespace

class KeyGate::First final : public Request {
 public:
  First(KeyGate& gate, std::string key, Request& client)
      : Request(std::exchange(client.batch, Batch()), client.deadline),
        gate_(gate),
        key_(std::move(key)) {
    patient = client.patient;
  }
  void on_answer(Answer&& answer) noexcept override { gate_.answered(key_, std::move(answer)); }

 private:
  KeyGate& gate_;
  const std::string key_;
};

KeyGate::KeyGate(KeyGateSettings settings, KeyWriter& writer, Load when)
    : settings_(std::move(settings)),
      writer_(writer),
      window_({settings_.window, settings_.max_keys, bytes_of(settings_)}),
      log_(settings_.dir, bytes_of(settings_), settings_.logger, settings_.file_system) {
  if (when == Load::now) load();
}

void KeyGate::load() {
  const auto now = Clock::now();
  const auto wall = std::chrono::system_clock::now();
  log_.load([&](const KeyRecord& record) {
    const std::lock_guard lock(mutex_);
    return window_.restore(record, now, wall);
  });
  std::unique_lock lock(mutex_);
  const std::uint64_t needed = window_.oldest_needed();
  lock.unlock();
  log_.purge_before(needed);
}

KeyGate::~KeyGate() { close(); }

void KeyGate::close() {
  writer_.forget(*this);
  while (write_some()) {
  }
  log_.close();
}

void KeyGate::offer(const std::string& key, const Fingerprint& fingerprint,
                    const std::shared_ptr<Request>& request, Route& route) {
  KeyWindow::Answers answers;
  KeyWindow::Begun begun{};
  {
    const std::lock_guard lock(mutex_);
    begun = window_.begin(key, fingerprint, request, Clock::now(), answers);
  }
  switch (begun) {
    case KeyWindow::Begun::first:
      return route.offer(std::make_shared<First>(*this, key, *request));
    case KeyWindow::Begun::other_body:
      return request->on_answer(key_reused());
    case KeyWindow::Begun::joined:
    case KeyWindow::Begun::repeated:
      break;
  }
  request->batch = Batch();  // nobody needs its messages, and it may wait for long
  deliver(answers);
}

void KeyGate::answered(const std::string& key, Answer answer) {
  KeyWindow::Answers answers;
  bool wake = false;
  {
    const std::lock_guard lock(mutex_);
    const bool slept = !window_.has_unwritten();
    window_.answered(key, std::move(answer), answers);
    wake = slept && window_.has_unwritten();
  }
  if (wake) writer_.wake(*this);
  deliver(answers);
}

void KeyGate::expire_clients(Clock::time_point now) {
  KeyWindow::Answers answers;
  {
    const std::lock_guard lock(mutex_);
    window_.expire_clients(now, answers);
  }
  deliver(answers);
}

std::uint64_t KeyGate::suppressed() const {
  const std::lock_guard lock(mutex_);
  return window_.suppressed();
}

std::optional<Clock::time_point> KeyGate::work() {
  const bool wrote = write_some();
  const auto due = log_.sync_due();
  const auto now = Clock::now();
  if (due && now >= *due) log_.sync();
  return wrote ? now : log_.sync_due();  // there may be more
}

// False: there was nothing to write.
bool KeyGate::write_some() {
  std::vector<std::string> records;
  std::uint64_t last = 0;
  {
    const std::lock_guard lock(mutex_);
    if (!window_.has_unwritten()) return false;
    records = window_.unwritten(most_records, std::chrono::system_clock::now());
    last = window_.oldest_unwritten() + records.size() - 1;
  }
  log_.write(records, last);
  KeyWindow::Answers answers;
  std::uint64_t needed = 0;
  std::uint64_t crowded_out = 0;
  {
    const std::lock_guard lock(mutex_);
    window_.written(records.size(), Clock::now(), answers);
    needed = window_.oldest_needed();
    crowded_out = window_.crowded_out();
  }
  deliver(answers);
  log_.purge_before(needed);
  tell_if_crowded(crowded_out);
  return true;
}

void KeyGate::tell_if_crowded(std::uint64_t crowded_out) {
  if (crowded_out == crowded_out_told_ || Clock::now() < tell_crowded_at_) return;
  crowded_out_told_ = crowded_out;
  tell_crowded_at_ = Clock::now() + tell_pause;
  if (settings_.logger)
    settings_.logger(LogLevel::warning,
                     "idempotency.max_keys is reached: the oldest keys are forgotten before their "
                     "window is over");
}

}  // namespace rebuf::daemon::idempotency
