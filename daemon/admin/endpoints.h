// What the admin server answers, without any socket: one request in, one reply out. Any thread; a
// request sees the sources that were shown when it came.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "daemon/admin/host_check.h"
#include "daemon/admin/sources.h"
#include "daemon/current.h"

namespace rebuf::daemon::admin {

// TCP reads only: anybody who reaches the port may look, nobody may change anything. The Unix
// socket is for those whom its file mode lets in.
enum class Access : std::uint8_t { read_only, full };

struct Ask {
  std::string_view method;  // "GET", …
  std::string_view path;
  std::string_view host;
  Access access = Access::read_only;
  std::string_view through;  // ?through=SEGMENT
};

struct Reply {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string allow;  // for 405
};

class Endpoints {
 public:
  Endpoints(AdminSources sources, HostCheck hosts)
      : sources_(std::move(sources)), hosts_(std::move(hosts)) {}

  [[nodiscard]] Reply answer(const Ask& ask) const;
  void show(AdminSources sources) { sources_.replace(std::move(sources)); }

 private:
  Current<AdminSources> sources_;
  const HostCheck hosts_;
};

}  // namespace rebuf::daemon::admin
