// limits.memory: how many bytes of messages may be in memory over all routes. A charge is taken
// before a body is read and goes back when the last owner of the message lets it go. Half of it is
// for what sinks hold, so that an outage still has room to write: each route has an equal part of
// that half, and its core keeps to it. Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <utility>

namespace rebuf::daemon {

class MemoryBudget {
 public:
  static constexpr std::uint64_t per_message_bytes = 512;  // charged on top of the body

  // Of `messages` whose bodies and heads are together `bytes`.
  static constexpr std::uint64_t cost(std::uint64_t bytes, std::uint64_t messages) {
    return bytes + messages * per_message_bytes;
  }

  explicit MemoryBudget(std::uint64_t limit_bytes) : limit_(limit_bytes) {}
  MemoryBudget(const MemoryBudget&) = delete;
  MemoryBudget& operator=(const MemoryBudget&) = delete;

  class Charge {  // RAII; movable
   public:
    Charge() = default;
    Charge(Charge&& other) noexcept
        : budget_(std::exchange(other.budget_, nullptr)), bytes_(std::exchange(other.bytes_, 0)) {}
    Charge& operator=(Charge&& other) noexcept {
      std::swap(budget_, other.budget_);
      std::swap(bytes_, other.bytes_);
      return *this;
    }
    ~Charge() {
      if (budget_ != nullptr) budget_->used_.fetch_sub(bytes_, std::memory_order_relaxed);
    }
    [[nodiscard]] std::uint64_t bytes() const { return bytes_; }
    // Changes the charge; false (and no change) when growing does not fit.
    [[nodiscard]] bool resize(std::uint64_t bytes) {
      if (budget_ == nullptr) return bytes == 0;
      if (bytes > bytes_ && !budget_->take(bytes - bytes_)) return false;
      if (bytes < bytes_) budget_->used_.fetch_sub(bytes_ - bytes, std::memory_order_relaxed);
      bytes_ = bytes;
      return true;
    }

   private:
    friend class MemoryBudget;
    Charge(MemoryBudget* budget, std::uint64_t bytes) : budget_(budget), bytes_(bytes) {}
    MemoryBudget* budget_ = nullptr;
    std::uint64_t bytes_ = 0;
  };

  // Sets `into` and returns true, or returns false when it does not fit now.
  [[nodiscard]] bool try_charge(std::uint64_t bytes, Charge& into) {
    if (!take(bytes)) return false;
    into = Charge(this, bytes);
    return true;
  }
  // What is in memory already: it counts, whether it fits or not.
  [[nodiscard]] Charge charge(std::uint64_t bytes) {
    used_.fetch_add(bytes, std::memory_order_relaxed);
    return {this, bytes};
  }
  [[nodiscard]] std::uint64_t limit() const { return limit_; }
  [[nodiscard]] std::uint64_t used() const { return used_.load(std::memory_order_relaxed); }

 private:
  bool take(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (bytes > limit_ || used > limit_ - bytes) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes, std::memory_order_relaxed));
    return true;
  }

  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_{0};
};

}  // namespace rebuf::daemon
