#include <vector>

#include "config/checks.h"
#include "config/listen.h"

namespace rebuf::config {
namespace {

struct Bound {
  std::string path;  // of the key
  Listen listen;
};

void add(std::vector<Bound>& bound, const std::string& path, const std::vector<Listen>& listens) {
  for (std::size_t i = 0; i < listens.size(); ++i)
    bound.push_back({path + "." + std::to_string(i), listens[i]});
}

}  // namespace

void check_listens(const Checked& checked) {
  const Config& config = checked.config;
  if (config.http.listen.empty() && checked.places.sound("http.listen"))
    checked.report.mistake(checked.places.at("http.listen"), "`http.listen` is empty",
                           "rebufd takes messages at one address at least");
  std::vector<Bound> bound;
  if (checked.places.sound("http.listen")) add(bound, "http.listen", config.http.listen);
  if (checked.places.sound("admin.listen")) add(bound, "admin.listen", config.admin.listen);
  if (!config.admin.socket.empty() && checked.places.sound("admin.socket"))
    bound.push_back({"admin.socket", {{}, 0, config.admin.socket}});
  for (std::size_t later = 1; later < bound.size(); ++later)
    for (std::size_t earlier = 0; earlier < later; ++earlier)
      if (collide(bound[earlier].listen, bound[later].listen)) {
        checked.report.mistake(
            checked.places.at(bound[later].path),
            "`" + bound[later].listen.text() + "` (" + describe(bound[later].path) +
                ") is taken by " + describe(bound[earlier].path) + ", `" +
                bound[earlier].listen.text() + "`",
            "each address once, and none beside `0.0.0.0` or `[::]` with its port");
        break;
      }
}

}  // namespace rebuf::config
