#include "sinks/http/client.h"

#include <httplib.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "sinks/http/connect.h"
#include "sinks/http/early_answer.h"

namespace rebuf::sinks::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::size_t kept_body_bytes = 256;
// A longer answer is not worth the connection: it is closed.
constexpr std::size_t longest_body_bytes = 64U << 10;

struct StoreFree {
  void operator()(X509_STORE* store) const { X509_STORE_free(store); }
};

void take_headers(const httplib::Response& response, Answer& answer) {
  answer.status = response.status;
  answer.retry_after = response.get_header_value("Retry-After");
  answer.location = response.get_header_value("Location");
}

httplib::Request to_httplib(const std::string& method, const std::string& target,
                            const Request& request) {
  httplib::Request out;
  out.method = method;
  out.path = target;
  for (const auto& [name, value] : request.headers) out.headers.emplace(name, value);
  if (method == "GET") return out;
  // A provider instead of a body: cpp-httplib copies the request.
  out.content_length_ = request.body.size();
  out.content_provider_ = [body = request.body](std::size_t offset, std::size_t length,
                                                httplib::DataSink& sink) {
    sink.write(body.data() + offset, length);
    return true;  // false would hide what went wrong
  };
  return out;
}

// What kept the answer from coming, but for a time-out.
std::string_view class_of(httplib::Error error) {
  switch (error) {
    case httplib::Error::Connection:
    case httplib::Error::BindIPAddress:
      return "connect";
    case httplib::Error::ConnectionTimeout:
      return "timeout";
    case httplib::Error::SSLConnection:
    case httplib::Error::SSLLoadingCerts:
    case httplib::Error::SSLServerVerification:
      return "tls";
    default:
      return "reset";
  }
}

// How long one of `untried` addresses may leave a connect unanswered, when no more than until
// `deadline` is left for all of them.
milliseconds share_of_time(steady_clock::time_point deadline, std::size_t untried) {
  const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
  return std::max(left / static_cast<int>(untried), milliseconds(1));
}

std::string reason_of(std::string_view error_class, httplib::Error error) {
  if (error == httplib::Error::SSLServerVerification)
    return "the server's certificate is not trusted, or not for this host";
  if (error_class == "connect") return "cannot connect";
  if (error_class == "timeout") return "no answer in time";
  if (error_class == "tls") return "the TLS handshake failed";
  return "the connection was closed before an answer came";
}

}  // namespace

Client::Client(Url url, milliseconds timeout, Resolver::LookUp look_up)
    : url_(std::move(url)), timeout_(timeout), resolver_(url_.host, std::move(look_up)) {
  if (url_.tls)
    client_ = std::make_unique<httplib::SSLClient>(url_.host, url_.port);
  else
    client_ = std::make_unique<httplib::ClientImpl>(url_.host, url_.port);
  client_->set_keep_alive(true);
  client_->set_tcp_nodelay(true);
  client_->set_url_encode(false);
  client_->set_decompress(false);
  client_->set_connection_timeout(timeout_);
  client_->set_read_timeout(timeout_);
  client_->set_write_timeout(timeout_);
  client_->set_socket_options([this](socket_t socket) { watch(socket); });
}

Client::~Client() = default;

std::string Client::load(const TlsFiles& files) {
  auto* client = dynamic_cast<httplib::SSLClient*>(client_.get());
  if (client == nullptr) return {};
  SSL_CTX* context = client->ssl_context();
  if (context == nullptr) return "OpenSSL gives no context";
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  if (!files.ca.empty()) {
    // cpp-httplib reads it at the first request; whether it can is to be known now.
    const std::unique_ptr<X509_STORE, StoreFree> store(X509_STORE_new());
    if (X509_STORE_load_file(store.get(), files.ca.c_str()) != 1)
      return "tls.ca: no certificates in " + files.ca;
    client->set_ca_cert_path(files.ca);
  }
  if (files.cert.empty()) return {};
  if (SSL_CTX_use_certificate_chain_file(context, files.cert.c_str()) != 1)
    return "tls.cert: no certificate in " + files.cert;
  if (SSL_CTX_use_PrivateKey_file(context, files.key.c_str(), SSL_FILETYPE_PEM) != 1)
    return "tls.key: no key for " + files.cert + " in " + files.key;
  return {};
}

Answer Client::send(const std::string& method, const std::string& target, const Request& request) {
  was_cut_ = false;
  Answer answer = send_anywhere(method, target, request);
  // A server may close an idle connection just as the next request comes.
  const bool stale = answer.status == 0 && !connected_ && answer.error_class == "reset";
  if (!stale) return answer;
  answer = send_anywhere(method, target, request);
  answer.sent = true;
  return answer;
}

Answer Client::send_anywhere(const std::string& method, const std::string& target,
                             const Request& request) {
  if (client_->is_socket_open() != 0) return send_once(method, target, request);
  Answer answer;
  const auto began = steady_clock::now();
  const Resolved resolved = resolver_.resolve(timeout_);
  answer.error_class = class_since(began, "connect");
  answer.reason = resolved.error;
  std::size_t untried = resolved.addresses.size();
  for (const std::string& address : resolved.addresses) {
    client_->set_hostname_addr_map({{url_.host, address}});
    client_->set_connection_timeout(share_of_time(began + timeout_, untried--));
    answer = send_once(method, target, request);
    if (!answer.not_connected || was_cut_) break;
  }
  return answer;
}

Answer Client::send_once(const std::string& method, const std::string& target,
                         const Request& request) {
  Answer answer;
  connected_ = false;
  const auto began = steady_clock::now();
  std::size_t body_bytes = 0;
  httplib::Request out = to_httplib(method, target, request);
  out.response_handler = [&](const httplib::Response& response) {
    take_headers(response, answer);
    return true;
  };
  out.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    const std::size_t room = kept_body_bytes - answer.body_start.size();
    answer.body_start.append(data, std::min(room, size));
    body_bytes += size;
    return body_bytes <= longest_body_bytes;
  };
  httplib::Response in;
  auto error = httplib::Error::Success;
  bool done = false;
  try {
    done = client_->send(out, in, error);
  } catch (const std::exception& thrown) {
    answer.reason = thrown.what();
  }
  if (done) take_headers(in, answer);
  if (!done && answer.status == 0 && error == httplib::Error::Write && !url_.tls)
    answer.status = early_status(watched_.get());
  if (!done) watch_instead(Fd());
  if (answer.status != 0) return answer;
  answer.error_class = class_since(began, class_of(error));
  answer.sent = class_of(error) == "reset";
  answer.not_connected =
      error == httplib::Error::Connection || error == httplib::Error::ConnectionTimeout;
  if (answer.reason.empty()) answer.reason = reason_of(answer.error_class, error);
  return answer;
}

Answer Client::connect() {
  was_cut_ = false;
  Answer answer;
  const auto began = steady_clock::now();
  Fd kept_alive = watch_instead(Fd());
  const Resolved resolved = resolver_.resolve(timeout_);
  answer.reason = resolved.error;
  std::size_t untried = resolved.addresses.size();
  for (const std::string& address : resolved.addresses) {
    const milliseconds share = share_of_time(began + timeout_, untried--);
    answer.reason = try_connect(address, url_.port, share, [this](int socket) { watch(socket); });
    if (answer.reason.empty() || was_cut_) break;
  }
  watch_instead(std::move(kept_alive));
  if (answer.reason.empty())
    answer.status = 200;
  else
    answer.error_class = class_since(began, "connect");
  return answer;
}

void Client::cut() {
  was_cut_ = true;
  resolver_.cut();
  const std::lock_guard lock(mutex_);
  if (watched_.valid()) ::shutdown(watched_.get(), SHUT_RDWR);
}

void Client::watch(int socket) {
  connected_ = true;
  // A duplicate: cpp-httplib may close its own at any time, and the number be another file's then.
  watch_instead(Fd(::fcntl(socket, F_DUPFD_CLOEXEC, 0)));
}

Fd Client::watch_instead(Fd other) {
  const std::lock_guard lock(mutex_);
  return std::exchange(watched_, std::move(other));
}

std::string Client::class_since(steady_clock::time_point began, std::string_view otherwise) const {
  const bool timed_out = was_cut_ || steady_clock::now() - began >= timeout_;
  return std::string(timed_out ? "timeout" : otherwise);
}

}  // namespace rebuf::sinks::http
