#include "harness.h"

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <fstream>

namespace rebuf::daemon::rebufd_test {
namespace {

// The port behind "PHRASE 127.0.0.1:".
std::uint16_t port_behind(const std::string& log, const std::string& phrase) {
  const std::string start = phrase + " 127.0.0.1:";
  const std::size_t at = log.find(start);
  REQUIRE(at != std::string::npos);
  return static_cast<std::uint16_t>(std::stoi(log.substr(at + start.size())));
}

httplib::Client client(std::uint16_t port) {
  httplib::Client made("127.0.0.1", port);
  made.set_read_timeout(test::program_patience);
  return made;
}

}  // namespace

std::string rebufd() { return REBUF_REBUFD; }

Rebufd::Rebufd() = default;

void Rebufd::configure(const std::string& more) {
  std::ofstream(config) << "data_dir: " << data.string() << "\n"
                        << "http: { listen: \"127.0.0.1:0\" }\n"
                        << "admin: { listen: \"127.0.0.1:0\", socket: "
                        << (directory.path() / "admin.sock").string() << " }\n"
                        << more;
}

void Rebufd::start(const std::vector<std::string>& environment) {
  program = std::make_unique<test::Program>(
      std::vector<std::string>{rebufd(), "--config", config.string()}, environment);
  const std::string log = program->wait_for_error("ready");
  ingest_port = port_behind(log, "takes messages on");
  admin_port = port_behind(log, "status, metrics and health on");
}

httplib::Client Rebufd::ingest() const { return client(ingest_port); }
httplib::Client Rebufd::admin() const { return client(admin_port); }

int Rebufd::post(const std::string& path, const std::string& message) const {
  const auto answer = ingest().Post(path, message, "text/plain");
  return answer ? answer->status : no_answer;
}

std::vector<std::string> Rebufd::rebufctl_command(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command{REBUF_REBUFCTL, "--admin",
                                   "unix:" + (directory.path() / "admin.sock").string()};
  command.insert(command.end(), arguments.begin(), arguments.end());
  return command;
}

test::Finished Rebufd::rebufctl(const std::vector<std::string>& arguments) const {
  return test::run(rebufctl_command(arguments));
}

nlohmann::json Rebufd::status() const {
  const auto answer = admin().Get("/api/v1/status");
  REQUIRE(answer);
  return nlohmann::json::parse(answer->body);
}

bool Rebufd::measures(const std::string& line) const {
  const auto answer = admin().Get("/metrics");
  return answer && answer->body.find("\n" + line + "\n") != std::string::npos;
}

int Rebufd::stop() {
  program->send(SIGTERM);
  return program->wait();
}

std::string file_route(const Rebufd& rebufd) {
  return "sinks:\n  out: { type: file, path: " + (rebufd.directory.path() / "out.ndjson").string() +
         " }\nroutes:\n  r: { sink: out }\n";
}

SilentServer::SilentServer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(::listen(socket_, 16) == 0);
  REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  port_ = ntohs(address.sin_port);
}

SilentServer::~SilentServer() { ::close(socket_); }

std::vector<std::string> lines_of(const std::filesystem::path& file) {
  std::vector<std::string> lines;
  std::ifstream text(file);
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

bool eventually(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + test::program_patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    ::poll(nullptr, 0, 10);
  }
  return true;
}

}  // namespace rebuf::daemon::rebufd_test
