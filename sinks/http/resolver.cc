#include "sinks/http/resolver.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <sys/socket.h>

#include <array>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>
#include <utility>

namespace rebuf::sinks::http {
namespace {

struct AddressesFree {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

bool is_numeric(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

}  // namespace

Resolved look_up(const std::string& host) {
  Resolved resolved;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (failed != 0) {
    resolved.error = "cannot resolve " + host + ": " + ::gai_strerror(failed);
    return resolved;
  }
  const std::unique_ptr<addrinfo, AddressesFree> addresses(found);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      resolved.addresses.emplace_back(text.data());
  }
  return resolved;
}

struct Resolver::Shared {
  std::mutex mutex;
  std::condition_variable changed;
  bool looking = false;  // the thread is there
  bool cut = false;
  std::optional<Resolved> found;
};

Resolver::Resolver(std::string host, LookUp how)
    : host_(std::move(host)), how_(std::move(how)), shared_(std::make_shared<Shared>()) {}

Resolved Resolver::resolve(std::chrono::milliseconds timeout) {
  if (is_numeric(host_)) return {.addresses = {host_}, .error = {}};
  std::unique_lock lock(shared_->mutex);
  shared_->cut = false;
  shared_->found.reset();
  if (!std::exchange(shared_->looking, true)) {
    try {
      std::thread([shared = shared_, how = how_, host = host_] {
        Resolved found = how(host);
        const std::lock_guard done(shared->mutex);
        shared->looking = false;
        shared->found = std::move(found);
        shared->changed.notify_all();
      }).detach();
    } catch (const std::system_error& error) {
      shared_->looking = false;
      return {.addresses = {}, .error = std::string("cannot start a thread: ") + error.what()};
    }
  }
  shared_->changed.wait_for(lock, timeout, [this] { return shared_->found || shared_->cut; });
  if (shared_->found) return *shared_->found;
  return {.addresses = {}, .error = "cannot resolve " + host_ + " in time"};
}

void Resolver::cut() {
  const std::lock_guard lock(shared_->mutex);
  shared_->cut = true;
  shared_->changed.notify_all();
}

}  // namespace rebuf::sinks::http
