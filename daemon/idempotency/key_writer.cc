#include "daemon/idempotency/key_writer.h"

#include <algorithm>
#include <utility>

namespace rebuf::daemon::idempotency {

KeyWriter::KeyWriter() : thread_([this] { run(); }) {}

KeyWriter::~KeyWriter() {
  {
    const std::lock_guard lock(mutex_);
    ends_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void KeyWriter::wake(Gate& gate) {
  const std::lock_guard lock(mutex_);
  note(gate, Clock::now());
  changed_.notify_all();
}

void KeyWriter::forget(Gate& gate) {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return at_work_ != &gate; });
  due_.erase(&gate);
}

void KeyWriter::note(Gate& gate, Clock::time_point due) {
  const auto [place, is_new] = due_.try_emplace(&gate, due);
  if (!is_new) place->second = std::min(place->second, due);
}

void KeyWriter::run() {
  std::unique_lock lock(mutex_);
  while (!ends_) {
    const auto next =
        std::ranges::min_element(due_, {}, [](const auto& each) { return each.second; });
    if (next == due_.end()) {
      changed_.wait(lock);
      continue;
    }
    if (next->second > Clock::now()) {
      changed_.wait_until(lock, Clock::time_point(next->second));
      continue;
    }
    Gate& gate = *next->first;
    due_.erase(next);
    at_work_ = &gate;
    lock.unlock();
    const auto due = gate.work();
    lock.lock();
    at_work_ = nullptr;
    if (due) note(gate, *due);
    changed_.notify_all();
  }
}

}  // namespace rebuf::daemon::idempotency
