// A value that is looked at often and replaced seldom, as a whole: who looks keeps what it has seen
// for as long as it needs it, whatever comes after. Any thread; one mutex, held for a pointer.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace rebuf::daemon {

template <class T>
class Current {
 public:
  explicit Current(T value) : now_(std::make_shared<const T>(std::move(value))) {}

  [[nodiscard]] std::shared_ptr<const T> now() const {
    const std::lock_guard lock(mutex_);
    return now_;
  }
  // The earlier value goes when the last one who looks at it lets it go, perhaps on its thread.
  void replace(T value) {
    auto next = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    now_.swap(next);  // the earlier one is let go of behind the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> now_;  // guarded by mutex_
};

}  // namespace rebuf::daemon
