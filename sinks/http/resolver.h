// Looks up the endpoint's addresses. The system's resolver can neither be interrupted nor told a
// time-out, and without a network it takes tens of seconds: it works in a thread of its own, which
// is left alone when the time is up. There is at most one such thread; the next resolve() waits for
// it too.
//
// Used by one thread, but for cut().
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace rebuf::sinks::http {

struct Resolved {
  std::vector<std::string> addresses;  // numeric, in the order in which to try them
  std::string error;                   // why there is none
};

// Blocks for as long as it takes (getaddrinfo).
[[nodiscard]] Resolved look_up(const std::string& host);

class Resolver {
 public:
  using LookUp = std::function<Resolved(const std::string& host)>;
  explicit Resolver(std::string host, LookUp how = look_up);

  // A numeric address is its own answer.
  [[nodiscard]] Resolved resolve(std::chrono::milliseconds timeout);
  // Any thread: a resolve() that is under way returns.
  void cut();

 private:
  struct Shared;  // with the thread, which may outlive this
  const std::string host_;
  const LookUp how_;
  const std::shared_ptr<Shared> shared_;
};

}  // namespace rebuf::sinks::http
