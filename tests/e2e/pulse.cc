#include "pulse.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace rebuf::e2e {

using Clock = std::chrono::steady_clock;

Pulse::Pulse(const std::filesystem::path& directory)
    : thread_([this, file = directory / "pulse"] { run(file); }) {}

Pulse::~Pulse() { (void)longest(); }

std::chrono::nanoseconds Pulse::longest() {
  done_ = true;
  if (thread_.joinable()) thread_.join();
  return longest_;
}

void Pulse::run(const std::filesystem::path& path) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  CHECK(file >= 0);
  const std::array<char, 512> block{};
  while (!done_) {
    const auto due = Clock::now() + std::chrono::milliseconds(20);
    std::this_thread::sleep_until(due);
    CHECK(::write(file, block.data(), block.size()) == static_cast<ssize_t>(block.size()));
    CHECK(::fdatasync(file) == 0);
    longest_ = std::max<std::chrono::nanoseconds>(longest_, Clock::now() - due);
  }
  ::close(file);
}

bool within_promise(std::chrono::nanoseconds wait, std::chrono::nanoseconds spill_after,
                    Pulse& pulse) {
  constexpr int steps = 4;  // the client, the server, the route and the log, each with its thread
  return wait < spill_after + std::chrono::seconds(1) + steps * pulse.longest();
}

}  // namespace rebuf::e2e
