#include "daemon/disposal.h"

#include <system_error>
#include <thread>

namespace rebuf::daemon {

Disposal::~Disposal() {
  std::unique_lock lock(mutex_);
  ended_.wait(lock, [this] { return under_way_ == 0; });
}

void Disposal::dispose(const std::function<void()>& end) {
  {
    const std::lock_guard lock(mutex_);
    ++under_way_;
  }
  try {
    std::thread([this, end] {
      end();
      done();
    }).detach();
  } catch (const std::system_error&) {
    end();
    done();
  }
}

void Disposal::done() {
  const std::lock_guard lock(mutex_);  // over the notification: the destructor may follow at once
  --under_way_;
  ended_.notify_all();
}

}  // namespace rebuf::daemon
