#include "bench/wal/measure.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace rebuf::bench {
namespace {

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

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
    std::vector<double> ours, theirs, ratios;
    for (int round = 0; round < settings.rounds; ++round) {
      theirs.push_back(once(row.theirs, settings.dir / "theirs"));
      ours.push_back(once(row.ours, settings.dir / "ours"));
      ratios.push_back(ours.back() / theirs.back());
    }
    std::printf("| %s | %s | %.4g %s | %s | %.4g | %.2f | %s |\n", row.name.c_str(),
                row.guarantee.c_str(), median(ours), row.unit.c_str(), row.reference.c_str(),
                median(theirs), median(ratios),
                row.bar > 0 ? std::to_string(row.bar).substr(0, 5).c_str() : "-");
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

void require(bool ok, const std::string& what) {
  if (ok) return;
  std::fprintf(stderr, "bench: %s: %s\n", what.c_str(), std::strerror(errno));
  std::exit(1);
}

}  // namespace rebuf::bench
