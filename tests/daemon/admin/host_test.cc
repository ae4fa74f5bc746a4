#include <doctest/doctest.h>

#include "daemon/admin/host_check.h"

namespace rebuf::daemon::admin {

TEST_CASE("Host may be localhost, an address, a listen address or an allowed name, and no other") {
  config::Admin admin;
  config::Listen listen;
  listen.host = "gateway.lan";
  admin.listen = {listen};
  admin.allowed_hosts = {"Status.Example.org"};
  const HostCheck hosts(admin);
  for (const char* right :
       {"", "localhost", "LOCALHOST:18082", "127.0.0.1", "10.1.2.3:18082", "[::1]", "[::1]:18082",
        "gateway.lan:18082", "status.example.org", "STATUS.example.ORG:80"}) {
    CAPTURE(right);
    CHECK(hosts.right(right));
  }
  for (const char* wrong : {"evil.example", "localhost.evil.example:18082",
                            "127.0.0.1.evil.example", "example.org", "[evil", ":18082"}) {
    CAPTURE(wrong);
    CHECK_FALSE(hosts.right(wrong));
  }
}

}  // namespace rebuf::daemon::admin
