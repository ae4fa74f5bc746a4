#include "tests/support/program.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>

namespace rebuf::test {
namespace {

std::string contents(const std::filesystem::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::vector<char*> pointers(const std::vector<std::string>& texts) {
  std::vector<char*> all;
  for (const std::string& text : texts) all.push_back(const_cast<char*>(text.c_str()));
  all.push_back(nullptr);
  return all;
}

int create(const std::filesystem::path& path) {
  return ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
}

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(char* const* command, char* const* environment, int output, int errors) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO);  // nobody to be asked
  ::dup2(output, STDOUT_FILENO);
  ::dup2(errors, STDERR_FILENO);
  ::execvpe(command[0], command, environment);
  ::_exit(127);
}

}  // namespace

Program::Program(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment, const std::filesystem::path& log)
    : output_(log), errors_(log) {
  if (log.empty()) {
    directory_.emplace();
    output_ = directory_->path() / "output";
    errors_ = directory_->path() / "errors";
  }
  std::vector<std::string> all_environment(environment);
  for (char** entry = environ; *entry != nullptr; ++entry) all_environment.emplace_back(*entry);
  const std::vector<char*> arguments = pointers(command);
  const std::vector<char*> variables = pointers(all_environment);
  const int output = create(output_);
  const int errors = create(errors_);
  pid_ = ::fork();
  if (pid_ == 0) become(arguments.data(), variables.data(), output, errors);
  ::close(output);
  ::close(errors);
  REQUIRE(output >= 0);
  REQUIRE(errors >= 0);
  REQUIRE(pid_ > 0);
}

Program::~Program() {
  if (code_) return;
  (void)::kill(pid_, SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
}

void Program::send(int signal) const {
  REQUIRE_FALSE(code_);
  REQUIRE(::kill(pid_, signal) == 0);
}

bool Program::ended(std::chrono::milliseconds within) {
  if (code_) return true;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  REQUIRE(handle >= 0);
  pollfd end{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&end, 1, static_cast<int>(within.count()));
  ::close(handle);
  if (ready <= 0) return false;
  int raw = 0;
  REQUIRE(::waitpid(pid_, &raw, 0) == pid_);
  code_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return true;
}

int Program::wait(std::chrono::milliseconds within) {
  const bool in_time = ended(within);
  REQUIRE_MESSAGE(in_time, "the program does not end; it said: " << errors());
  return *code_;
}

std::string Program::output() const { return contents(output_); }
std::string Program::errors() const { return contents(errors_); }

std::string Program::wait_for_error(const std::string& text, std::chrono::milliseconds within) {
  const auto deadline = std::chrono::steady_clock::now() + within;
  while (true) {
    std::string said = errors();
    if (said.find(text) != std::string::npos) return said;
    const bool hopeless = std::chrono::steady_clock::now() > deadline || ended();
    REQUIRE_MESSAGE(!hopeless, "the program never said \"" << text << "\" but: " << errors());
    ::poll(nullptr, 0, 5);
  }
}

Finished run(const std::vector<std::string>& command, const std::vector<std::string>& environment) {
  Program program(command, environment);
  const int code = program.wait();
  return {code, program.output(), program.errors()};
}

}  // namespace rebuf::test
