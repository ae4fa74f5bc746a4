// A device in the field: posts its measurements in order over one keep-alive connection, one
// request at a time, and posts again what was not acknowledged. Remembers every POST.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "ledger.h"

namespace httplib {
class Client;
}

namespace rebuf::e2e {

struct DeviceSettings {
  std::uint16_t port = 0;
  std::string path;                    // "/ingest/flights"
  std::size_t rows_per_post = 1;       // 1: the body is the row; more: NDJSON
  std::chrono::milliseconds pause{0};  // between two posts
  // Rows become {"sending":"3.17","row":…}: for downstreams that do not see the header `sending`.
  bool name_in_value = false;
  // Every so many rows, `odd_text` follows the row's own: for what a sink refuses. A row that is
  // answered 422 is not posted again.
  std::size_t odd_every = 0;
  std::string odd_text{};
  // The rows are only a supply: the device need not post each of them before it finishes.
  bool endless = false;
};

// How far the devices of a fleet are. Any thread.
class Progress {
 public:
  void start(std::size_t devices);
  void finish_one();
  void acknowledge(std::size_t rows);
  void refuse();
  [[nodiscard]] std::size_t acknowledged() const;
  // False: not within that time.
  [[nodiscard]] bool wait_for_rows(std::size_t acknowledged, std::chrono::milliseconds limit) const;
  [[nodiscard]] bool wait_for_refusals(std::size_t more, std::chrono::milliseconds limit) const;
  [[nodiscard]] bool wait_for_all(std::chrono::milliseconds limit) const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  std::size_t acknowledged_ = 0;  // rows
  std::size_t refused_ = 0;       // posts
  std::size_t running_ = 0;       // devices
};

// Owned by its fleet; runs on one thread of it.
class Device {
 public:
  Device(std::uint32_t client, DeviceSettings settings, std::vector<std::string_view> rows);
  // Posts all rows (unless endless), and goes round again until `enough` and the last post is
  // done with; ends at once with `give_up`.
  void run(const std::atomic<bool>& enough, const std::atomic<bool>& give_up, Progress& progress);
  [[nodiscard]] std::vector<Sending>& sendings() { return sendings_; }

 private:
  Sending post(httplib::Client& connection, std::size_t first_row);
  std::string body_of(Sending& sending, std::size_t first_row);

  const std::uint32_t client_;
  const DeviceSettings settings_;
  const std::vector<std::string_view> rows_;
  std::uint64_t next_number_ = 1;
  std::vector<Sending> sendings_;
  std::deque<std::string> made_rows_;  // what sendings point to where it is not the supply
};

// Devices that post at the same time. Starts and joins their threads; used by one thread.
class Fleet {
 public:
  Fleet() = default;
  ~Fleet();
  Fleet(const Fleet&) = delete;
  Fleet& operator=(const Fleet&) = delete;

  // Before start().
  void add(const DeviceSettings& settings, std::vector<std::string_view> rows);
  void start();
  // Rows acknowledged so far.
  [[nodiscard]] std::size_t acknowledged() const { return progress_.acknowledged(); }
  // Until that many more rows are acknowledged; fails the test after five minutes.
  void wait_for_rows(std::size_t more) const;
  // Until that many more posts were refused; fails the test after five minutes.
  void wait_for_refusals(std::size_t more) const;
  // Each device ends when its rows are done, without waiting for that.
  void wind_down() { enough_ = true; }
  // Lets each device finish its rows; fails the test when that takes longer than `limit`. Returns
  // what all of them sent, each device's in order; valid as long as the fleet lives. May be called
  // again.
  [[nodiscard]] const std::vector<Sending>& finish(
      std::chrono::seconds limit = std::chrono::seconds(400));

 private:
  void join();

  std::deque<Device> devices_;
  std::vector<std::thread> threads_;
  std::atomic<bool> enough_{false};
  std::atomic<bool> give_up_{false};
  Progress progress_;
  std::vector<Sending> sendings_;
};

// Every `devices`-th row, from `first` on: the share of one of several devices.
[[nodiscard]] std::vector<std::string_view> share(const std::vector<std::string_view>& rows,
                                                  std::size_t first, std::size_t devices);

}  // namespace rebuf::e2e
