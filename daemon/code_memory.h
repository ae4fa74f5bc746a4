// Lets go of the memory of code that only the start needed: reading the configuration, resolving
// symbols, setting up libraries. The pages of the program and its libraries that nothing has
// changed leave the process (MADV_DONTNEED, madvise(2)); what is needed again is mapped again from
// the page cache. So the resident memory of an idle rebufd is what idling needs. Breakpoints and
// uprobes that were set by then have to be set again.
#pragma once

namespace rebuf::daemon {

void let_go_of_start_code() noexcept;  // any thread, while others run

}  // namespace rebuf::daemon
