// A JSON array cut into its elements without changing or interpreting a byte: `1.0e5`, duplicate
// keys, escapes and white space inside an element stay as they stood. The whole text must be JSON
// (RFC 8259, UTF-8 without a byte order mark), nested at most max_json_depth deep.
// An own scanner, because JSON libraries give values and not places, and refuse valid numbers that
// do not fit 64 bits.
#pragma once

#include <functional>
#include <string_view>

#include "daemon/ingest/split.h"

namespace rebuf::daemon::ingest {

SplitResult split_json_array(std::string_view body,
                             const std::function<void(std::string_view)>& on_element);

}  // namespace rebuf::daemon::ingest
