#include "reload_adversary.h"

#include <doctest/doctest.h>
#include <signal.h>

#include <sstream>

namespace rebuf::e2e {

std::string ReloadAdversary::strike(Chance& chance) {
  if (chance.once_in(6)) {
    make_a_mistake();
    return "reload: a mistake";
  }
  const std::string what = chance.once_in(8) ? "nothing" : change(chance);
  daemon_.configure(configuration_(with_hook_));
  // Half of them go on while something else happens.
  if (chance.once_in(2)) {
    daemon_.send(SIGHUP);
    return "reload: begins, changed: " + what;
  }
  const bool taken = daemon_.reload();  // not while no descriptor is left to open the file
  return std::string("reload: ") + (taken ? "done" : "refused") + ", changed: " + what;
}

std::string ReloadAdversary::change(Chance& chance) {
  switch (chance.between(1, 6)) {
    case 1:
      with_hook_ = !with_hook_;
      if (!with_hook_) return "route hook goes";
      return "route hook comes back";
    case 2:
      shape_.vary_company();
      return "another route";
    case 3:
      shape_.vary_routes(chance);
      return shape_.vary_a_sink(chance) + ", " + shape_.text();
    case 4:
      return shape_.vary_a_sink(chance);
    default:
      shape_.vary_routes(chance);
      return shape_.text();
  }
}

void ReloadAdversary::make_a_mistake() const {
  const std::string right = configuration_(with_hook_);
  daemon_.configure(right + "  mistaken: { sink: nowhere }\n");
  CHECK_FALSE(daemon_.reload());
  daemon_.configure(right);
}

void ReloadAdversary::heal() {
  with_hook_ = true;
  daemon_.configure(configuration_(with_hook_));
  CHECK_MESSAGE(daemon_.reload(), daemon_.log_end());
}

std::size_t ReloadAdversary::found_again(const std::string& route) const {
  const std::string source = " route " + route + ": ";
  const std::string found = " messages wait in the log";
  std::size_t messages = 0;
  bool not_known_how_far = false;
  std::istringstream log(daemon_.log());
  for (std::string line; std::getline(log, line);) {
    const auto at = line.find(source);
    if (at == std::string::npos) continue;
    const std::string text = line.substr(at + source.size());
    if (text.starts_with("the last cursor could not be saved")) not_known_how_far = true;
    if (!not_known_how_far || !text.ends_with(found)) continue;
    messages += std::stoul(text);
    not_known_how_far = false;
  }
  return messages;
}

std::size_t ReloadAdversary::lettings_go(const std::string& route) const {
  const std::string log = daemon_.log();
  const std::string line = "a new producer: route " + route + " stops\n";
  std::size_t times = 0;
  for (auto at = log.find(line); at != std::string::npos; at = log.find(line, at + 1)) ++times;
  return times;
}

}  // namespace rebuf::e2e
