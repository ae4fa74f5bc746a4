// What a dispatcher sends with: one HTTP connection, or one file.
//
// Made by the sink, owned by its dispatcher. One sender thread calls deliver() and probe(); any
// thread may call cut().
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "sinks/message.h"
#include "sinks/sink.h"

namespace rebuf::sinks::dispatch {

using Time = std::chrono::steady_clock::time_point;

enum class Result : std::uint8_t {
  delivered,
  refused,    // for what the messages are: a single one finally; several are halved and tried again
  throttled,  // not now, the downstream says
  failed,
};

// What became of an attempt to deliver a batch.
struct Verdict {
  Result result = Result::failed;
  // It is about so many messages at the batch's front, at least one; the others were not tried.
  std::size_t count = 0;
  Refusal refusal = Refusal::none;     // for refused
  bool everyone = false;               // failed: any batch would have (no connection, say)
  bool maybe_delivered = false;        // failed, but the downstream may have taken it
  std::chrono::milliseconds pause{0};  // throttled: the time asked for, 0 when none was named
  std::string error_class{};           // as in Health
  std::string detail{};                // for a person
};

class Transport {
 public:
  virtual ~Transport() = default;
  Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // Delivers the batch or a part of it from the front; blocks. The views are not used afterwards.
  [[nodiscard]] virtual Verdict deliver(std::span<const OutMessage> batch) = 0;
  // Whether it would work now: `delivered` or `failed`. Blocks.
  [[nodiscard]] virtual Verdict probe() = 0;
  // Makes what is under way fail soon. It is called again and again until that has ended.
  virtual void cut() = 0;
};

}  // namespace rebuf::sinks::dispatch
