#include "bench/wal/measure.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rebuf::bench {
namespace {

double median(const std::vector<double>& values) { return quantile(values, 0.5); }

double once(const Contender& contender, const std::filesystem::path& dir) {
  std::filesystem::remove_all(dir);
  std::filesystem::create_directories(dir);
  const double result = contender(dir);
  std::filesystem::remove_all(dir);
  return result;
}

}  // namespace

void run(const std::vector<Row>& rows, const Settings& settings) {
  std::printf("| what | guarantee of both | ours | reference | theirs | ratio | bar |\n");
  std::printf("|---|---|---|---|---|---|---|\n");
  for (const Row& row : rows) {
    if (row.name.find(settings.only) == std::string::npos) continue;
    std::vector<double> ours;
    std::vector<double> theirs;
    std::vector<double> ratios;
    for (int round = 0; round < settings.rounds; ++round) {
      theirs.push_back(once(row.theirs, settings.dir / "theirs"));
      ours.push_back(once(row.ours, settings.dir / "ours"));
      ratios.push_back(ours.back() / theirs.back());
    }
    std::printf("| %s | %s | %.4g %s | %s |", row.name.c_str(), row.guarantee.c_str(), median(ours),
                row.unit.c_str(), row.reference.c_str());
    if (median(theirs) > 0) {
      std::printf(" %.4g | %.2f |", median(theirs), median(ratios));
    } else {
      std::printf(" absent | |");
    }
    if (row.bar > 0) std::printf(" %s%.4g", row.at_most ? "at most " : "", row.bar);
    std::printf(" |\n");
    std::fflush(stdout);
  }
}

void run(const std::vector<Limit>& limits, const Settings& settings) {
  std::printf("| what | seen | bar |\n");
  std::printf("|---|---|---|\n");
  for (const Limit& limit : limits) {
    if (limit.name.find(settings.only) == std::string::npos) continue;
    std::vector<double> seen;
    seen.reserve(static_cast<std::size_t>(settings.rounds));
    for (int round = 0; round < settings.rounds; ++round) {
      seen.push_back(once(limit.measure, settings.dir / "ours"));
    }
    std::printf("| %s | %.4g %s | at most %.4g |\n", limit.name.c_str(), median(seen),
                limit.unit.c_str(), limit.most);
    std::fflush(stdout);
  }
}

double seconds_of(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double rate_of(double seconds, std::uint64_t step_items, const std::function<void()>& step) {
  std::uint64_t items = 0;
  const auto begin = std::chrono::steady_clock::now();
  double passed = 0;
  while (passed < seconds) {
    step();
    items += step_items;
    passed = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  }
  return static_cast<double>(items) / passed;
}

double rate_over(std::uint64_t items, std::uint64_t step_items, const std::function<void()>& step) {
  std::uint64_t done = 0;
  const double taken = seconds_of([&] {
    for (; done < items; done += step_items) step();
  });
  return static_cast<double>(done) / taken;
}

double quantile(std::vector<double> values, double part) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(last * part);
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

void require(bool ok, const std::string& what) {
  if (ok) return;
  std::fprintf(stderr, "bench: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

}  // namespace rebuf::bench
