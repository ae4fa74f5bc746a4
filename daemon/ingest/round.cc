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

void Round::make_room() {
  if (requests_.size() < requests_.capacity()) return;
  const std::size_t room = std::max<std::size_t>(64, 2 * requests_.capacity());
  together_.reserve(room);
  requests_.reserve(room);
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
    if (begin->route != nullptr) {
      for (auto at = begin; at != end; ++at) together_.push_back(at->request);
      begin->route->offer_all(together_);
      together_.clear();
    }
    begin = end;
  }
  for (const Offered& offered : requests_) offered.request->park();
  requests_.clear();
}

}  // namespace rebuf::daemon::ingest
