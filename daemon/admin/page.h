// The status page's files (daemon/admin/page/), compiled in. They load nothing from elsewhere.
#pragma once

#include <span>
#include <string_view>

namespace rebuf::daemon::admin {

struct PageFile {
  std::string_view path;
  std::string_view content_type;
  std::string_view content;
};

[[nodiscard]] std::span<const PageFile> page_files();

// Only this server's own files, and no frame around them.
inline constexpr std::string_view page_policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace rebuf::daemon::admin
