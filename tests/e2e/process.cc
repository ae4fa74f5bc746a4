#include "process.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "scratch.h"

namespace rebuf::e2e {
namespace {

// In the child, between fork and exec: system calls only.
[[noreturn]] void become(char* const* command, int output) {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  ::execvp(command[0], command);
  ::_exit(127);
}

}  // namespace

Process::Process(const std::vector<std::string>& command, const std::filesystem::path& output) {
  std::vector<char*> arguments;
  arguments.reserve(command.size() + 1);
  for (const std::string& argument : command)
    arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  const int file = ::open(output.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
  REQUIRE(file >= 0);
  pid_ = ::fork();
  if (pid_ == 0) become(arguments.data(), file);
  ::close(file);
  REQUIRE(pid_ > 0);
}

Process::~Process() {
  if (status_) return;
  (void)::kill(pid_, SIGKILL);
  (void)::waitpid(pid_, nullptr, 0);
}

void Process::send(int signal) const {
  REQUIRE_FALSE(status_);
  REQUIRE(::kill(pid_, signal) == 0);
}

std::optional<int> Process::wait(std::chrono::milliseconds time_limit) {
  if (status_) return status_;
  const int handle = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  REQUIRE(handle >= 0);
  pollfd ended{.fd = handle, .events = POLLIN, .revents = 0};
  const int ready = ::poll(&ended, 1, static_cast<int>(time_limit.count()));
  ::close(handle);
  if (ready <= 0) return std::nullopt;
  int raw = 0;
  REQUIRE(::waitpid(pid_, &raw, 0) == pid_);
  status_ = WIFEXITED(raw) ? WEXITSTATUS(raw) : 128 + WTERMSIG(raw);
  return status_;
}

Finished run(const std::vector<std::string>& command) {
  const Scratch scratch;
  const std::filesystem::path output = scratch.path() / "output";
  Process process(command, output);
  const std::optional<int> status = process.wait(std::chrono::minutes(1));
  REQUIRE_MESSAGE(status, command.front(), " does not end");
  std::ostringstream text;
  text << std::ifstream(output).rdbuf();
  return {*status, text.str()};
}

}  // namespace rebuf::e2e
