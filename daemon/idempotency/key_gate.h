// In front of a route: requests with an Idempotency-Key pass here, all others go past it to the
// route and cost nothing. The first with a key goes on to the route; a repeat waits with it, or is
// answered as it was, and goes no further. KeyWindow decides, KeyLog keeps it over restarts; this
// is the lock between them. One a route, owned by main; must outlive the answers of all requests
// that were offered, and the server that offers them.
//
// Threads: ingest threads call offer; the route answers a first on any thread; the server's thread
// calls expire_clients. All meet under mutex_, which is held over no system call that can block and
// no answer. The thread of the KeyWriter, one for all gates, writes the records, and then answers.
//
// Durable when a 2xx leaves: the record has been handed to the kernel (a SIGKILL does not take it),
// and is synced within a second. Not worth an fsync for each request: what it would save is a
// duplicate after a power cut within that second, and the path to a healthy sink would wait for the
// disk.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "daemon/idempotency/key_log.h"
#include "daemon/idempotency/key_window.h"
#include "daemon/idempotency/key_writer.h"
#include "daemon/route.h"

namespace rebuf::daemon::idempotency {

struct KeyGateSettings {
  std::filesystem::path dir;  // <route>/idempotency
  std::chrono::milliseconds window{};
  std::size_t max_keys = 0;
  KeyLog::Logger logger;              // any thread
  FileSystem* file_system = nullptr;  // of the log; tests replace it
};

class KeyGate final : private KeyWriter::Gate {
 public:
  enum class Load : std::uint8_t { now, later };
  // Reads what the log holds, or leaves that to load(). A directory that cannot be used is told,
  // and keys are kept in memory. `writer` outlives it.
  KeyGate(KeyGateSettings settings, KeyWriter& writer, Load when = Load::now);
  ~KeyGate() override;  // close()
  KeyGate(const KeyGate&) = delete;
  KeyGate& operator=(const KeyGate&) = delete;

  // Once, after Load::later, and before the route takes a request. Any thread.
  void load();

  // Writes what it was told and lets go of the directory, for another gate. Once its route has
  // answered everything and takes no more: then no record comes after this.
  void close();

  // Ends in exactly one request->on_answer, perhaps before it returns. The batch is taken out of
  // the request.
  void offer(const std::string& key, const Fingerprint& fingerprint,
             const std::shared_ptr<Request>& request, Route& route);
  // Answers who has waited for another's answer until its own deadline; to be called now and then.
  void expire_clients(Clock::time_point now);

  // Messages of repeats that were answered 2xx and not forwarded. Any thread.
  [[nodiscard]] std::uint64_t suppressed() const;

 private:
  class First;  // what the route gets: the first request with a key

  void answered(const std::string& key, Answer answer);
  std::optional<Clock::time_point> work() override;
  [[nodiscard]] bool write_some();
  void tell_if_crowded(std::uint64_t crowded_out);

  const KeyGateSettings settings_;
  KeyWriter& writer_;
  mutable std::mutex mutex_;
  KeyWindow window_;  // guarded by mutex_
  // The writer's thread's:
  KeyLog log_;
  std::uint64_t crowded_out_told_ = 0;
  Clock::time_point tell_crowded_at_{};
};

}  // namespace rebuf::daemon::idempotency
