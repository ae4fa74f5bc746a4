// What the core asks of the world. Called by the core under the route's lock; an implementation
// must not block and must not call back into the core. Slow work is not here: the worker fetches it
// with Core::next_work.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "daemon/request.h"
#include "rebuf/log.h"
#include "sinks/sink.h"

namespace rebuf::daemon {

class Effects {
 public:
  virtual ~Effects() = default;
  // As sinks::Channel::submit: takes a prefix.
  [[nodiscard]] virtual std::size_t submit(std::span<const sinks::OutMessage> messages) = 0;
  // As Log::append. The bytes stay unchanged until Core::appended names the tag.
  [[nodiscard]] virtual Status append(std::span<const Bytes> group, std::uint64_t tag) = 0;
  virtual void resume_appends() = 0;
  // Bytes that may still be appended; 0 when the disk is at limits.keep_free.
  [[nodiscard]] virtual std::uint64_t disk_room() = 0;
  // The request's one answer; delivered to it once the lock is released.
  virtual void answer(std::shared_ptr<Request> request, Answer answer) = 0;
  // A number in [0, bound); bound > 0.
  [[nodiscard]] virtual std::uint64_t random(std::uint64_t bound) = 0;
  // The next ids are for the messages of this request.
  virtual void begin_ids(const Request& request) = 0;
  [[nodiscard]] virtual sinks::MessageId next_id() = 0;
};

}  // namespace rebuf::daemon
