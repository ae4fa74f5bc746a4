#include "config/report.h"

#include <algorithm>
#include <tuple>

namespace rebuf::config {
namespace {

std::vector<Mistake> in_file_order(std::vector<Mistake> list) {
  const auto place = [](const Mistake& m) { return std::tie(m.at.line, m.at.column); };
  std::stable_sort(list.begin(), list.end(),
                   [&](const Mistake& a, const Mistake& b) { return place(a) < place(b); });
  const auto same = [&](const Mistake& a, const Mistake& b) {
    return place(a) == place(b) && a.what == b.what;
  };
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
  return list;
}

}  // namespace

std::string Mistake::message() const {
  std::string text = at.file;
  if (at.line > 0) text += ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
  text += ": " + what;
  if (!hint.empty()) text += "; " + hint;
  return text;
}

std::vector<Mistake> Report::mistakes() const { return in_file_order(mistakes_); }
std::vector<Mistake> Report::warnings() const { return in_file_order(warnings_); }

}  // namespace rebuf::config
