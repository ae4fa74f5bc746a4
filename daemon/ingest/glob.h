// Shell-like patterns over whole strings: `*` stands for any run of characters, `?` for one.
#pragma once

#include <string_view>

namespace rebuf::daemon::ingest {

[[nodiscard]] bool glob_matches(std::string_view pattern, std::string_view text) noexcept;

}  // namespace rebuf::daemon::ingest
