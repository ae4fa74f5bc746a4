#include "daemon/admin/listener.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "daemon/admin/page.h"
#include "daemon/admin/worker_pool.h"
#include "daemon/socket_file.h"

namespace rebuf::daemon::admin {
namespace {

constexpr std::size_t worker_threads = 4;  // two may wait for reloads
constexpr std::size_t max_waiting_connections = 64;
constexpr int backlog = 128;  // cpp-httplib asks for 5
constexpr int silent_seconds = 10;
constexpr mode_t socket_mode = 0660;

// cpp-httplib's default would share the port with any other process that asks for it.
void own_the_port(int socket) {
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  ::setsockopt(socket, IPPROTO_TCP, TCP_DEFER_ACCEPT, &silent_seconds, sizeof silent_seconds);
}

}  // namespace

Listener::Listener(config::Listen where, Access access, const Endpoints& endpoints)
    : where_(std::move(where)), access_(access), endpoints_(endpoints) {}

Result<std::unique_ptr<Listener>> Listener::open(const config::Listen& where, Access access,
                                                 const Endpoints& endpoints) {
  auto listener = std::make_unique<Listener>(where, access, endpoints);
  listener->set_up();
  if (Status status = where.is_unix() ? listener->bind_unix() : listener->bind(); !status.ok())
    return status;
  // What cpp-httplib asked for is too few when connections wait for their first bytes.
  if (::listen(listener->socket_, backlog) != 0)
    return Status(Code::io, "listen", where.text(), errno);
  listener->thread_ = std::thread([&own = *listener] {
    own.server_.listen_after_bind();
    own.ended_ = true;
  });
  // A stop before the thread accepts would be lost.
  while (!listener->server_.is_running() && !listener->ended_) std::this_thread::yield();
  return listener;
}

void Listener::set_up() {
  server_.new_task_queue = [] { return new WorkerPool(worker_threads, max_waiting_connections); };
  server_.set_keep_alive_max_count(1);
  server_.set_keep_alive_timeout(1);
  // Before any routing of cpp-httplib's own, and without reading a body: no request here has one.
  server_.set_pre_routing_handler(
      [this](const httplib::Request& request, httplib::Response& response) {
        serve(request, response);
        return httplib::Server::HandlerResponse::Handled;
      });
}

void Listener::serve(const httplib::Request& request, httplib::Response& response) const {
  const std::string host = request.get_header_value("Host");
  const std::string through = request.get_param_value("through");
  Reply reply = endpoints_.answer({request.method, request.path, host, access_, through});
  response.status = reply.status;
  response.set_header("Cache-Control", "no-store");
  response.set_header("X-Content-Type-Options", "nosniff");
  response.set_header("Referrer-Policy", "no-referrer");
  response.set_header("Content-Security-Policy", std::string(page_policy));
  if (!reply.allow.empty()) response.set_header("Allow", reply.allow);
  response.set_content(reply.body, reply.content_type);
}

Status Listener::bind() {
  server_.set_socket_options([this](int socket) {
    socket_ = socket;
    own_the_port(socket);
  });
  errno = 0;
  if (where_.port == 0) {
    const int port = server_.bind_to_any_port(where_.host);
    if (port > 0) {
      where_.port = static_cast<std::uint16_t>(port);
      return {};
    }
  } else if (server_.bind_to_port(where_.host, where_.port)) {
    return {};
  }
  return {errno == EADDRINUSE ? Code::locked : Code::io, "listen on", where_.text(), errno};
}

Status Listener::bind_unix() {
  const std::string& path = where_.unix_path;
  if (const auto address = make_way_for_socket(path); !address) return address.status();
  server_.set_address_family(AF_UNIX);
  server_.set_socket_options([this](int socket) {
    socket_ = socket;
    ::fchmod(socket, socket_mode);  // the file is made with it: at no moment more open
  });
  errno = 0;
  constexpr int unused_port = 1;  // 0 would ask the kernel for one
  if (!server_.bind_to_port(path, unused_port))
    return {errno == EADDRINUSE ? Code::locked : Code::io, "listen on", path, errno};
  ::chmod(path.c_str(), socket_mode);  // whatever the umask left of it
  return {};
}

Listener::~Listener() {
  if (!thread_.joinable()) return;
  server_.stop();
  thread_.join();
  if (where_.is_unix()) ::unlink(where_.unix_path.c_str());
}

}  // namespace rebuf::daemon::admin
