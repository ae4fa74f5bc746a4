#include "daemon/ingest/patience.h"

#include <algorithm>
#include <chrono>

namespace rebuf::daemon::ingest {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

// Long enough for clients that must not wait to come many times, short enough to follow the load.
constexpr milliseconds window_length{50};
// A window ends with the first request behind its length. One that comes even later than this came
// out of a silence, of which the window says nothing.
constexpr milliseconds longest_window{100};

// What a patient request waits. When they come less often than this, nobody joins it meanwhile.
constexpr milliseconds longest_wait{1};

// How seldom each client must come for all to become patient, and to remain so. A client that comes
// as soon as it is answered comes later when it waits: 64 of them every 0.9 ms without, every 2 ms
// with it. That must not be taken for patience, or they would never come faster again. The two
// bounds lie apart so that clients near one of them do not change from window to window.
constexpr microseconds becomes_patient{2800};
constexpr microseconds remains_patient{2400};

}  // namespace

bool Patience::note(std::uint32_t& seen_in, Clock::time_point came, std::uint64_t offered) {
  if (const Clock::duration elapsed = came - begun_; elapsed >= window_length) {
    end_window(judge(elapsed, offered - offered_before_));
    ++window_;
    begun_ = came;
    offered_before_ = offered;
    requests_ = clients_ = 0;
  }
  ++requests_;
  if (seen_in != window_) ++clients_;
  seen_in = window_;
  return patient_;
}

void Patience::end_window(bool looks_patient) {
  doubted_ = looks_patient && windows_ == until_doubt_;
  if (doubted_) until_doubt_ = std::min(4 * until_doubt_, most_until_doubt);
  if (!looks_patient) until_doubt_ = fewest_until_doubt;
  patient_ = looks_patient && !doubted_;
  windows_ = patient_ ? windows_ + 1 : 0;
}

// Each client comes, on average, once in elapsed * clients / requests.
bool Patience::judge(Clock::duration elapsed, std::uint64_t offered) const {
  if (elapsed > longest_window || elapsed > offered * longest_wait) return false;
  return elapsed * clients_ >=
         requests_ * (patient_ || doubted_ ? remains_patient : becomes_patient);
}

}  // namespace rebuf::daemon::ingest
