// Measuring by pairs: each contender does the same work in turn, round by round, so that what the
// machine does meanwhile meets all of them; the medians are compared. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

namespace rebuf::bench {

// Does its work once in an empty directory and returns how much it did a second. The unit is the
// row's.
using Contender = std::function<double(const std::filesystem::path& dir)>;

struct Row {
  std::string name;       // "synced writes, 256 B, 64 threads"
  std::string guarantee;  // what is true when a write has returned, on both sides
  std::string unit;       // "entries/s"
  double bar = 0;         // the ratio ours / theirs that we hold ourselves to; 0: none
  Contender ours;
  std::string reference;  // what `theirs` is
  Contender theirs;       // gives 0 when it is not there
  bool at_most = false;   // the bar: ours / theirs is at most, not at least, that
};

// What has a bar of its own and nobody beside it.
struct Limit {
  std::string name;
  std::string unit;
  double most = 0;
  Contender measure;
};

struct Settings {
  std::filesystem::path dir;  // on the file system that is measured
  int rounds = 5;
  std::string only;  // rows whose name contains it
};

// Prints a Markdown table; a row with its medians and their ratio as soon as it is measured.
void run(const std::vector<Row>& rows, const Settings& settings);
void run(const std::vector<Limit>& limits, const Settings& settings);

// Seconds that `work` takes.
double seconds_of(const std::function<void()>& work);

// Repeats `step` (which does `step_items` items) until about `seconds` have passed; items a second.
double rate_of(double seconds, std::uint64_t step_items, const std::function<void()>& step);

// Does `items` items in steps of `step_items`; items a second.
double rate_over(std::uint64_t items, std::uint64_t step_items, const std::function<void()>& step);

// The value that the `part` (0 to 1) smallest of `values` are not above.
double quantile(std::vector<double> values, double part);

// Ends the program with `what` and errno unless `ok`.
void require(bool ok, const std::string& what);

}  // namespace rebuf::bench
