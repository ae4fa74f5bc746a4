// Keeps readings in a log while the service that wants them is away, and delivers them when it is
// back: in order, none lost, whatever ends the process in between.
//
//   outage_buffer DIR            the service is away: keep three readings, synced to disk
//   outage_buffer DIR deliver    it is back: print what waits, remember the place, free the
//   segments
#include <rebuf/log.h>

#include <chrono>
#include <iostream>
#include <string>
#include <string_view>

namespace {

rebuf::Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

int fail(const rebuf::Status& status) {
  std::cerr << status.message() << "\n";
  return 1;
}

// When write returns ok, the reading is on disk.
int keep(rebuf::Log& log) {
  for (const std::string_view reading : {"21.5 C", "21.7 C", "22.0 C"})
    if (const auto status = log.write(bytes_of(reading)); !status.ok()) return fail(status);
  std::cout << log.stats().bytes << " bytes wait in " << log.dir().string() << "\n";
  return 0;
}

// What was printed but not yet covered by a saved cursor is printed again after a crash: at least
// once, never lost.
int deliver(rebuf::Log& log) {
  const auto reader = log.reader(log.cursor_at_open().cursor.position);
  for (;;) {
    const auto block = reader->next(1 << 20);
    if (!block) return fail(block.status());
    for (const rebuf::EntryRef& entry : block->entries)
      std::cout.write(reinterpret_cast<const char*>(entry.data.data()),
                      static_cast<std::streamsize>(entry.data.size()))
          << "\n";
    rebuf::Cursor cursor;
    cursor.position = block->next;
    if (const auto status = log.save_cursor(cursor); !status.ok()) return fail(status);
    if (block->at_end) break;
  }
  // The active segment goes too once it is completed.
  if (const auto status = log.seal(); !status.ok()) return fail(status);
  const auto done = log.stats().end.segment;
  if (done == 0) return 0;
  const auto status = log.purge_through(done - 1);
  return status.ok() ? 0 : fail(status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::cerr << "outage_buffer DIR [deliver]\n";
    return 2;
  }
  rebuf::Options options;
  options.max_log_size = 1 << 20;           // 1 MiB a segment
  options.max_segments = 100;               // at most 100 completed ones,
  options.on_full = rebuf::OnFull::refuse;  // then write says Code::full
  options.logger = [](rebuf::LogLevel, std::string_view text) { std::cerr << text << "\n"; };

  auto log = rebuf::Log::open(argv[1], options);
  if (!log) return fail(log.status());
  const int result = argc > 2 ? deliver(**log) : keep(**log);
  const auto closed = (*log)->close();
  return closed.ok() ? result : fail(closed);
}
