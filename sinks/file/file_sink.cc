#include "sinks/file/file_sink.h"

#include <algorithm>
#include <chrono>
#include <random>
#include <utility>
#include <vector>

#include "sinks/dispatch/dispatcher.h"
#include "sinks/file/line_file.h"

namespace rebuf::sinks {
namespace {

using dispatch::Result;
using dispatch::Verdict;

// One fdatasync for so much.
constexpr dispatch::BatchLimits batch_limits{.max_messages = 10'000, .max_bytes = 1U << 20};
constexpr dispatch::RetryRange retry_range{.min = std::chrono::milliseconds(200),
                                           .max = std::chrono::milliseconds(5'000)};
// A write to a disk cannot be cut, only waited for.
constexpr std::chrono::hours no_timeout{24 * 365};

bool breaks_lines(const OutMessage& message) {
  return message.value.find('\n') != std::string_view::npos;
}

Verdict verdict_of(std::optional<file::Failure> failed, std::size_t count) {
  Verdict verdict{.result = Result::delivered, .count = count};
  if (!failed) return verdict;
  verdict.result = Result::failed;
  verdict.everyone = true;
  verdict.maybe_delivered = failed->maybe_written;
  verdict.error_class = std::move(failed->error_class);
  verdict.detail = std::move(failed->detail);
  return verdict;
}

class FileTransport final : public dispatch::Transport {
 public:
  explicit FileTransport(std::string path) : file_(std::move(path)) {}

  Verdict deliver(std::span<const OutMessage> batch) override {
    const auto whole_lines = std::ranges::find_if(batch, breaks_lines) - batch.begin();
    if (whole_lines == 0)
      return {.result = Result::refused,
              .count = 1,
              .refusal = Refusal::invalid,
              .detail = "a value with a newline in it cannot be a line"};
    const auto count = static_cast<std::size_t>(whole_lines);
    auto failed = file_.ready();
    if (!failed) {
      lines_.clear();
      for (const OutMessage& message : batch.first(count)) (lines_ += message.value) += '\n';
      failed = file_.append(lines_);
    }
    return verdict_of(std::move(failed), count);
  }

  Verdict probe() override { return verdict_of(file_.ready(), 0); }
  void cut() override {}

 private:
  file::LineFile file_;
  std::string lines_;
};

}  // namespace

std::unique_ptr<Sink> make_file_sink(FileSettings settings, Logger log, DeliveryObserver observer) {
  std::vector<std::unique_ptr<dispatch::Transport>> transports;
  transports.push_back(std::make_unique<FileTransport>(std::move(settings.path)));
  return std::make_unique<dispatch::Dispatcher>(
      dispatch::DispatchSettings{.name = std::move(settings.name),
                                 .batch = batch_limits,
                                 .timeout = no_timeout,
                                 .retry = retry_range,
                                 .seed = std::random_device()()},
      std::move(transports), std::move(log), std::move(observer));
}

}  // namespace rebuf::sinks
