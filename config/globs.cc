#include "config/globs.h"

#include <cstddef>
#include <vector>

namespace rebuf::config {

// row[j]: whether a's rest from i and b's rest from j have a text in common, from the ends.
bool globs_overlap(std::string_view a, std::string_view b) {
  std::vector<bool> below(b.size() + 1), row(b.size() + 1);
  for (std::size_t i = a.size() + 1; i-- > 0;) {
    for (std::size_t j = b.size() + 1; j-- > 0;) {
      const bool a_ends = i == a.size(), b_ends = j == b.size();
      if (a_ends && b_ends) {
        row[j] = true;
      } else if (!a_ends && a[i] == '*') {
        row[j] = below[j] || (!b_ends && row[j + 1]);
      } else if (!b_ends && b[j] == '*') {
        row[j] = row[j + 1] || (!a_ends && below[j]);
      } else if (a_ends || b_ends) {
        row[j] = false;
      } else {
        row[j] = (a[i] == b[j] || a[i] == '?' || b[j] == '?') && below[j + 1];
      }
    }
    below.swap(row);
  }
  return below[0];
}

}  // namespace rebuf::config
