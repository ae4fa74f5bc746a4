// The least of an HTTP endpoint: libmicrohttpd takes every request and answers 200.
//   bare_http_endpoint PORT
#include <microhttpd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

namespace {

constexpr unsigned threads = 2;

MHD_Result on_request(void* /*opaque*/, MHD_Connection* connection, const char* /*url*/,
                      const char* /*method*/, const char* /*version*/, const char* /*upload*/,
                      std::size_t* upload_bytes, void** state) {
  static char seen;
  if (*state == nullptr || *upload_bytes > 0) {
    *state = &seen;
    *upload_bytes = 0;
    return MHD_YES;
  }
  static char nothing;
  MHD_Response* response = MHD_create_response_from_buffer(0, &nothing, MHD_RESPMEM_PERSISTENT);
  const MHD_Result result = MHD_queue_response(connection, 200, response);
  MHD_destroy_response(response);
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "bare_http_endpoint PORT\n");
    return 2;
  }
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  MHD_Daemon* http = MHD_start_daemon(
      MHD_USE_EPOLL_INTERNAL_THREAD, static_cast<std::uint16_t>(std::atoi(argv[1])), nullptr,
      nullptr, on_request, nullptr, MHD_OPTION_THREAD_POOL_SIZE, threads, MHD_OPTION_END);
  if (http == nullptr) {
    std::perror("MHD_start_daemon");
    return 1;
  }
  int received = 0;
  sigwait(&ends, &received);
  MHD_stop_daemon(http);
  return 0;
}
