#include "daemon/machine_id.h"

#include <systemd/sd-id128.h>

#include <array>

namespace rebuf::daemon {
namespace {

// Names rebufd among the programs that derive something from the machine's id.
constexpr sd_id128_t application{.bytes = {0x5c, 0x1b, 0x0e, 0x3f, 0x0f, 0x5d, 0x4b, 0x52, 0x9b,
                                           0x1e, 0x86, 0xd2, 0x3a, 0x47, 0xc9, 0x60}};

}  // namespace

std::string machine_id() {
  sd_id128_t id{};
  if (::sd_id128_get_machine_app_specific(application, &id) < 0) return {};
  std::array<char, SD_ID128_STRING_MAX> text{};
  return ::sd_id128_to_string(id, text.data());
}

}  // namespace rebuf::daemon
