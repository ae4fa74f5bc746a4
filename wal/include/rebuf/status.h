// Errors as values. A Status says what was being done, to which path, and why it failed; a
// Result<T> holds either a T or such a Status. Both are plain values: any thread may own one,
// copies are independent.
#pragma once

#include <cassert>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace rebuf {

enum class Code : std::uint8_t {
  ok,
  invalid_argument,  // the caller asked for something that can never work (an empty entry, a zero
                     // limit)
  full,  // ENOSPC, EDQUOT, or max_segments with OnFull::refuse; works again when there is space
  io,    // the kernel refused (errno_value() says how; ENOMEM: no memory); nothing was changed
  sync_failed,  // an fsync or fdatasync failed: final for this Log object, see log.h
  locked,       // another process holds the directory
  not_found,    // no such directory or segment
  closed,       // the Log was closed
  corrupt,      // bytes on disk are not what they must be, and the call cannot go on without them
  cancelled,    // an append queued behind one that failed; see Log::append
};

[[nodiscard]] std::string_view to_string(Code code) noexcept;

// An ok Status is a null pointer: passing one along costs nothing.
class [[nodiscard]] Status {
 public:
  Status() noexcept = default;  // ok
  Status(Code code, std::string what, std::string path = {}, int errno_value = 0)
      : detail_(code == Code::ok ? nullptr
                                 : std::make_shared<const Detail>(Detail{
                                       code, errno_value, std::move(what), std::move(path)})) {}

  [[nodiscard]] bool ok() const noexcept { return detail_ == nullptr; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] Code code() const noexcept { return detail_ ? detail_->code : Code::ok; }
  // 0 when no system call was involved
  [[nodiscard]] int errno_value() const noexcept { return detail_ ? detail_->errno_value : 0; }
  [[nodiscard]] const std::string& what() const noexcept {
    return detail_ ? detail_->what : nothing();
  }
  [[nodiscard]] const std::string& path() const noexcept {
    return detail_ ? detail_->path : nothing();
  }
  // One line for a person: "fdatasync /var/…/rebuf.tmp: Input/output error (EIO)".
  [[nodiscard]] std::string message() const;

 private:
  struct Detail {
    Code code = Code::ok;
    int errno_value = 0;
    std::string what;
    std::string path;
  };
  [[nodiscard]] static const std::string& nothing() noexcept;

  std::shared_ptr<const Detail> detail_;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value)
      : held_(std::in_place_index<0>, std::move(value)) {}  // NOLINT: implicit on purpose
  Result(Status status)
      : held_(std::in_place_index<1>, std::move(status)) {  // NOLINT: implicit on purpose
    assert(!std::get<1>(held_).ok());
  }

  [[nodiscard]] bool ok() const noexcept { return held_.index() == 0; }
  explicit operator bool() const noexcept { return ok(); }
  [[nodiscard]] T& value() & { return std::get<0>(held_); }
  [[nodiscard]] const T& value() const& { return std::get<0>(held_); }
  [[nodiscard]] T&& value() && { return std::get<0>(std::move(held_)); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T&& operator*() && { return std::move(*this).value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }
  [[nodiscard]] Status status() const { return ok() ? Status{} : std::get<1>(held_); }

 private:
  std::variant<T, Status> held_;
};

// Marks a result (a Status, a Result, a return code) that is ignored on purpose, with the reason
// beside it.
template <class T>
void ignore(const T& /*result*/, std::string_view /*why*/) noexcept {}

}  // namespace rebuf
