// The file that lines are appended to, durably and whole. Used by one thread.
//
// Its size before an append is the last good one: what a failed append left behind is cut off
// before anything else is written. Nobody else may append to the file.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <string_view>

#include "sinks/fd.h"

namespace rebuf::sinks::file {

struct Failure {
  std::string error_class;     // "disk_full" or "file"
  std::string detail;          // what was being done, the path, why
  bool maybe_written = false;  // a part of it, or all, could not be taken back
};

class LineFile {
 public:
  explicit LineFile(std::string path) : path_(std::move(path)) {}

  // Sees to it that the file at the path is the one that is open: it may have been renamed since
  // (logrotate). A new file's directory entry is durable when it returns.
  [[nodiscard]] std::optional<Failure> ready();
  // Appends whole lines, after ready(). Durable when it returns nothing.
  [[nodiscard]] std::optional<Failure> append(std::string_view lines);

 private:
  [[nodiscard]] bool still_at_path() const;
  [[nodiscard]] std::optional<Failure> open();
  [[nodiscard]] bool cut_back();
  [[nodiscard]] Failure failure(std::string_view doing, int error) const;

  const std::string path_;
  Fd fd_;
  bool unfinished_ = false;         // the file was found to end within a line
  std::optional<off_t> good_size_;  // what is behind it is to be cut off
};

}  // namespace rebuf::sinks::file
