// The same for many things at once: most of the time of opening and closing routes is waiting for a
// disk, which takes several fsyncs together as fast as one.
#pragma once

#include <cstddef>
#include <functional>

namespace rebuf::daemon {

// Runs work(0) … work(count - 1) on up to `threads` threads of its own (on the caller's when none
// is to be had), and `meanwhile` on the caller's, again and again, until all have ended. Then the
// first exception of `work` is thrown, if there was one; the others ran all the same.
void side_by_side(std::size_t count, std::size_t threads,
                  const std::function<void(std::size_t)>& work,
                  const std::function<void()>& meanwhile);

}  // namespace rebuf::daemon
