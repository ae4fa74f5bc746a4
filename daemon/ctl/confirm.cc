#include "daemon/ctl/confirm.h"

#include <unistd.h>

#include <iostream>

#include "daemon/ctl/exit_codes.h"

namespace rebuf::ctl {

int confirm(const std::string& question) {
  if (::isatty(STDIN_FILENO) != 1) {
    std::cerr << "rebufctl: nobody can be asked here; --yes says it\n";
    return exit_usage;
  }
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") return exit_fine;
  std::cerr << "rebufctl: nothing was changed\n";
  return exit_failed;
}

}  // namespace rebuf::ctl
