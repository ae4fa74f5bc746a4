#include "daemon/machine_id.h"

#include <systemd/sd-id128.h>

#include <array>

namespace rebuf::daemon {
namespace {

// Names rebufd among the programs that derive something from the machine's id.
constexpr sd_id128_t application =
    SD_ID128_MAKE(5c, 1b, 0e, 3f, 0f, 5d, 4b, 52, 9b, 1e, 86, d2, 3a, 47, c9, 60);

}  // namespace

std::string machine_id() {
  sd_id128_t id{};
  if (::sd_id128_get_machine_app_specific(application, &id) < 0) return {};
  std::array<char, SD_ID128_STRING_MAX> text{};
  return ::sd_id128_to_string(id, text.data());
}

}  // namespace rebuf::daemon
