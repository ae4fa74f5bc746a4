// What the admin server answers, without any socket: one request in, one reply out. Any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "daemon/admin/host_check.h"
#include "daemon/admin/sources.h"

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

 private:
  [[nodiscard]] Reply read(std::string_view path) const;
  [[nodiscard]] Reply change(const Ask& ask) const;
  [[nodiscard]] Reply health() const;
  [[nodiscard]] static Reply ready(const std::vector<const Route*>& routes);
  [[nodiscard]] Reply ready(std::string_view route) const;
  [[nodiscard]] std::vector<const Route*> routes() const;
  [[nodiscard]] Reply switch_embedded(std::string_view sink, std::string_view verb) const;

  const AdminSources sources_;
  const HostCheck hosts_;
};

}  // namespace rebuf::daemon::admin
