#include "daemon/ctl/progress.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <utility>

#include "daemon/ctl/text.h"

namespace rebuf::ctl {
namespace {

constexpr std::chrono::milliseconds redraw_interval{100};
constexpr std::size_t width = 30;
constexpr const char* wipe_line = "\r\x1b[K";

}  // namespace

Progress::Progress(std::string what, std::uint64_t total_bytes)
    : what_(std::move(what)), total_(total_bytes), shown_(::isatty(STDERR_FILENO) == 1) {}

Progress::~Progress() {
  if (shown_) std::cerr << wipe_line << std::flush;
}

void Progress::add(std::uint64_t bytes) {
  done_ += bytes;
  if (!shown_) return;
  const auto now = std::chrono::steady_clock::now();
  if (now - drawn_ < redraw_interval) return;
  drawn_ = now;
  draw();
}

void Progress::draw() {
  const double part =
      total_ == 0 ? 1 : std::min(1.0, static_cast<double>(done_) / static_cast<double>(total_));
  const auto filled = static_cast<std::size_t>(part * static_cast<double>(width));
  std::cerr << wipe_line
            << fmt::format("{} [{:=<{}}{: <{}}] {:3.0f} %  {} of {}", what_, "", filled, "",
                           width - filled, part * 100, bytes_text(done_), bytes_text(total_))
            << std::flush;
}

}  // namespace rebuf::ctl
