// The file sink: appends each value as a line to one file. `delivered` means: fdatasync returned.
//
// Owned by the daemon. Any thread may call anything, but Channel::stop() must not be called from a
// listener, and the channels go before the sink. docs/file_sink.md says what becomes of what.
#pragma once

#include <memory>
#include <string>

#include "sinks/sink.h"

namespace rebuf::sinks {

struct FileSettings {
  std::string name;  // of the sink, for log lines
  std::string path;  // made when it is missing (mode 0640); its directory must exist
};

// Opens nothing yet.
[[nodiscard]] std::unique_ptr<Sink> make_file_sink(FileSettings settings, Logger log,
                                                   DeliveryObserver observer);

}  // namespace rebuf::sinks
