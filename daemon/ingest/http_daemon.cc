#include "daemon/ingest/http_daemon.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>

namespace rebuf::daemon::ingest {
namespace {

Connection* connection_of(MHD_Connection* connection) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
  return info == nullptr ? nullptr : static_cast<Connection*>(info->socket_context);
}

constexpr MHD_UNSIGNED_LONG_LONG longest_ms = 60'000;
// At the end of the thread: when nothing comes for so long it is over, and at the latest.
constexpr int quiet_ms = 20;
constexpr std::chrono::seconds ending_time{1};

}  // namespace

Result<std::unique_ptr<HttpDaemon>> HttpDaemon::start(Service& service, ConnectionTable& table,
                                                      const sinks::Logger& log) {
  auto daemon = std::make_unique<HttpDaemon>(service, table, log);
  daemon->daemon_ = daemon->launch();
  if (daemon->daemon_ == nullptr) return Status(Code::io, "libmicrohttpd did not start", {}, errno);
  const MHD_DaemonInfo* info = MHD_get_daemon_info(daemon->daemon_, MHD_DAEMON_INFO_EPOLL_FD);
  if (info == nullptr || !daemon->mailbox_.valid())
    return Status(Code::io, "eventfd or epoll", {}, errno);
  daemon->epoll_fd_ = info->epoll_fd;
  daemon->thread_ = std::thread([&own = *daemon] { own.run(); });
  return daemon;
}

MHD_Daemon* HttpDaemon::launch() {
  const auto idle_s = static_cast<unsigned>((service_.http.idle_timeout.count() + 999) / 1000);
  // The bound is kept by the acceptor.
  constexpr unsigned no_limit = 1U << 30;
  constexpr unsigned flags = MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_TURBO |
                             MHD_USE_ERROR_LOG | MHD_USE_NO_LISTEN_SOCKET;
  return MHD_start_daemon(flags, 0, nullptr, nullptr, &HttpDaemon::on_request, this,
                          MHD_OPTION_EXTERNAL_LOGGER, &HttpDaemon::on_log, this,            //
                          MHD_OPTION_CONNECTION_LIMIT, no_limit,                            //
                          MHD_OPTION_CONNECTION_MEMORY_LIMIT, connection_memory,            //
                          MHD_OPTION_CONNECTION_TIMEOUT, std::max(idle_s, 1U),              //
                          MHD_OPTION_NOTIFY_CONNECTION, &HttpDaemon::on_connection, this,   //
                          MHD_OPTION_URI_LOG_CALLBACK, &HttpDaemon::on_request_line, this,  //
                          MHD_OPTION_NOTIFY_COMPLETED, &HttpDaemon::on_completed, this,     //
                          MHD_OPTION_UNESCAPE_CALLBACK, &HttpDaemon::on_unescape, this,     //
                          MHD_OPTION_END);
}

void HttpDaemon::end() {
  if (ends_) return;
  ends_by_ = Clock::now() + ending_time;
  ends_ = true;
  mailbox_.wake();
}

HttpDaemon::~HttpDaemon() {
  end();
  if (thread_.joinable())
    thread_.join();
  else if (daemon_ != nullptr)
    MHD_stop_daemon(daemon_);
}

void HttpDaemon::add(sinks::Fd socket) {
  ++connections_;
  mailbox_.put(std::move(socket));
}

void HttpDaemon::run() {
  Mailbox::Letters letters;
  while (true) {
    std::array<pollfd, 2> set{{{epoll_fd_, POLLIN, 0}, {mailbox_.fd(), POLLIN, 0}}};
    const bool ends = ends_;
    const int due_ms = round_.empty() ? until_due_ms() : 0;
    const int ready = ::poll(set.data(), set.size(), ends && due_ms != 0 ? quiet_ms : due_ms);
    if (ends && ((ready == 0 && due_ms != 0) || Clock::now() >= ends_by_)) break;
    // What came whole is offered when nothing else is there to be read.
    if (!round_.empty() && (ready <= 0 || !round_.open(Clock::now()))) round_.offer();
    if (set[1].revents != 0) serve(letters);
    static_cast<void>(MHD_run(daemon_));  // its only failure is a stopped daemon
  }
  MHD_stop_daemon(daemon_);
}

int HttpDaemon::until_due_ms() const {
  MHD_UNSIGNED_LONG_LONG wait_ms = 0;
  if (MHD_get_timeout(daemon_, &wait_ms) != MHD_YES) return -1;
  return static_cast<int>(std::min(wait_ms, longest_ms));
}

void HttpDaemon::serve(Mailbox::Letters& letters) {
  mailbox_.take(letters);
  // libmicrohttpd closes a socket that it does not take, and logs why. It looks at the peer's
  // address only to count by it, which is not asked for.
  sockaddr peer{};
  for (sinks::Fd& socket : letters.sockets) {
    const std::uint64_t before = opened_;
    const bool taken = MHD_add_connection(daemon_, socket.release(), &peer, sizeof peer) == MHD_YES;
    if (!taken && opened_ == before) --connections_;  // else closed() counts it
  }
  for (MHD_Connection* connection : letters.resumed) {
    MHD_resume_connection(connection);
    service_.held.fetch_sub(1);
  }
}

void HttpDaemon::on_connection(void* self, MHD_Connection* connection, void** context,
                               MHD_ConnectionNotificationCode what) {
  auto& daemon = *static_cast<HttpDaemon*>(self);
  if (what == MHD_CONNECTION_NOTIFY_STARTED)
    daemon.opened(connection, context);
  else
    daemon.closed(context);
}

void HttpDaemon::opened(MHD_Connection* connection, void** context) {
  const MHD_ConnectionInfo* info =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
  ++opened_;
  const std::uint32_t open = service_.connections.fetch_add(1) + 1;
  auto own = std::make_unique<Connection>(service_, mailbox_, round_, patience_, connection,
                                          info->connect_fd, open > service_.http.max_connections);
  table_.add(*own);
  *context = own.release();
  if (open == 1) service_.waker.wake();
}

void HttpDaemon::closed(void** context) {
  const std::unique_ptr<Connection> own(static_cast<Connection*>(*context));
  if (own == nullptr) return;
  table_.remove(*own);
  --connections_;
  service_.connections.fetch_sub(1);
}

void* HttpDaemon::on_request_line(void*, const char*, MHD_Connection* connection) {
  Connection* own = connection_of(connection);
  if (own != nullptr) own->on_begin();
  return own;
}

MHD_Result HttpDaemon::on_request(void* self, MHD_Connection*, const char* url, const char* method,
                                  const char*, const char* piece, std::size_t* piece_size,
                                  void** context) {
  if (*context == nullptr) return MHD_NO;
  const std::string_view bytes(piece == nullptr ? "" : piece, *piece_size);
  *piece_size = 0;
  try {
    return static_cast<Connection*>(*context)->on_call(url, method, bytes);
  } catch (const std::exception& error) {  // no memory: the connection ends without an answer
    static_cast<HttpDaemon*>(self)->log_(sinks::LogLevel::error, error.what());
    return MHD_NO;
  }
}

void HttpDaemon::on_completed(void*, MHD_Connection*, void** context, MHD_RequestTerminationCode) {
  if (*context != nullptr) static_cast<Connection*>(*context)->on_completed();
  *context = nullptr;
}

// A path with %00 would be cut there; left as it is, it is found nowhere.
std::size_t HttpDaemon::on_unescape(void*, MHD_Connection*, char* text) {
  if (std::strchr(text, '%') == nullptr || std::strstr(text, "%00") != nullptr)
    return std::strlen(text);
  return MHD_http_unescape(text);
}

void HttpDaemon::on_log(void* self, const char* format, va_list arguments) {
  std::array<char, 512> line{};
  const int length = std::vsnprintf(line.data(), line.size(), format, arguments);
  if (length <= 0) return;
  std::string_view text(line.data(), std::min(static_cast<std::size_t>(length), line.size() - 1));
  while (text.ends_with('\n')) text.remove_suffix(1);
  static_cast<HttpDaemon*>(self)->log_(sinks::LogLevel::debug, text);
}

}  // namespace rebuf::daemon::ingest
