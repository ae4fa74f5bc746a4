#include "daemon/ingest/round.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace rebuf::daemon::ingest {

void Round::add(Route& route, std::shared_ptr<IngestRequest> request) {
  push(&route, std::move(request));
}

void Round::add_offered(std::shared_ptr<IngestRequest> request) {
  push(nullptr, std::move(request));
}

void Round::push(Route* route, std::shared_ptr<IngestRequest> request) {
  if (requests_.empty()) begun_ = Clock::now();
  requests_.push_back({route, std::move(request)});
}

void Round::offer() {
  // Stable: a route's requests stay in the order in which they came. Mostly there is one route.
  if (!std::ranges::is_sorted(requests_, std::less<>(), &Offered::route))
    std::ranges::stable_sort(requests_, std::less<>(), &Offered::route);
  for (auto begin = requests_.begin(); begin != requests_.end();) {
    const auto end = std::find_if(begin, requests_.end(), [&](const Offered& offered) {
      return offered.route != begin->route;
    });
    together_.clear();
    for (auto at = begin; at != end; ++at) together_.push_back(at->request);
    if (begin->route != nullptr) begin->route->offer_all(together_);
    begin = end;
  }
  together_.clear();
  for (const Offered& offered : requests_) offered.request->park();
  requests_.clear();
}

}  // namespace rebuf::daemon::ingest
