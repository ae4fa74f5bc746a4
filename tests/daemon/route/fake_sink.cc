#include "tests/daemon/route/fake_sink.h"

namespace rebuf::daemon {

class FakeSink::Channel final : public sinks::Channel {
 public:
  Channel(FakeSink& sink, sinks::ChannelListener& listener)
      : sink_(sink), listener_(listener), thread_([this] { run(); }) {}
  ~Channel() override { stop(std::chrono::steady_clock::now()); }
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  std::size_t submit(std::span<const sinks::OutMessage> messages) override {
    const std::lock_guard lock(sink_.mutex_);
    if (closed_) return 0;
    held_.insert(held_.end(), messages.begin(), messages.end());
    sink_.changed_.notify_all();
    return messages.size();
  }
  void probe() override {
    const std::lock_guard lock(sink_.mutex_);
    probed_ = true;
    sink_.changed_.notify_all();
  }
  void recall() override { sink_.give_back(); }
  void stop(std::chrono::steady_clock::time_point deadline) override {
    if (!thread_.joinable()) return;
    {
      std::unique_lock lock(sink_.mutex_);
      sink_.changed_.wait_until(lock, deadline, [this] { return held_.empty(); });
      stopping_ = true;
      closed_ = true;
      sink_.changed_.notify_all();
    }
    thread_.join();
  }

 private:
  void run();
  void deliver(std::unique_lock<std::mutex>& lock);
  void return_all(std::unique_lock<std::mutex>& lock);

  FakeSink& sink_;
  sinks::ChannelListener& listener_;
  // Guarded by sink_.mutex_:
  std::deque<sinks::OutMessage> held_;
  bool probed_ = false;
  bool closed_ = false;
  bool stopping_ = false;
  std::thread thread_;
};

void FakeSink::Channel::run() {
  std::unique_lock lock(sink_.mutex_);
  while (!stopping_) {
    sink_.changed_.wait(lock, [this] {
      return stopping_ || probed_ || sink_.give_back_ || !sink_.to_say_.empty() ||
             (sink_.works_ && !held_.empty());
    });
    if (sink_.give_back_) {
      sink_.give_back_ = false;
      closed_ = true;
      return_all(lock);
      closed_ = false;
      lock.unlock();
      listener_.on_reopened();
      lock.lock();
    }
    if (probed_ || !sink_.to_say_.empty()) {
      sinks::Health health;
      health.from_probe = probed_;
      health.up = probed_ ? sink_.works_ : sink_.to_say_.front();
      health.reason = "as the test wants";
      if (probed_)
        probed_ = false;
      else
        sink_.to_say_.erase(sink_.to_say_.begin());
      lock.unlock();
      listener_.on_health(health);
      lock.lock();
    }
    if (sink_.works_ && !held_.empty()) deliver(lock);
  }
  return_all(lock);
}

void FakeSink::Channel::deliver(std::unique_lock<std::mutex>& lock) {
  std::vector<sinks::Report> reports;
  for (; !held_.empty() && sink_.works_; held_.pop_front()) {
    const sinks::OutMessage& message = held_.front();
    sinks::Report report;
    report.token = message.token;
    if (!sink_.refused_.empty() && message.value.find(sink_.refused_) != std::string_view::npos) {
      report.outcome = sinks::Outcome::refused;
      report.refusal = sinks::Refusal::too_large;
      report.detail = "too large for the test";
    } else {
      sink_.taken_.emplace_back(message.value);
      sink_.replayed_ += message.replayed ? 1 : 0;
      sink_.patient_ += message.patient ? 1 : 0;
      for (const sinks::Header header : message.headers)
        sink_.letters_ += header.name == "rebuf-dead-letter" ? 1 : 0;
      if (sink_.taken_.size() == sink_.stop_after_) sink_.works_ = false;
    }
    reports.push_back(report);
  }
  lock.unlock();
  listener_.on_reports(reports);
  lock.lock();
  sink_.changed_.notify_all();
}

void FakeSink::Channel::return_all(std::unique_lock<std::mutex>& lock) {
  std::vector<sinks::Report> reports;
  for (const sinks::OutMessage& message : held_) {
    sinks::Report report;
    report.token = message.token;
    report.outcome = sinks::Outcome::given_back;
    reports.push_back(report);
  }
  held_.clear();
  if (reports.empty()) return;
  lock.unlock();
  listener_.on_reports(reports);
  lock.lock();
}

std::unique_ptr<sinks::Channel> FakeSink::attach(sinks::ChannelOptions /*options*/,
                                                 sinks::ChannelListener& listener) {
  return std::make_unique<Channel>(*this, listener);
}

void FakeSink::work(bool works) {
  const std::lock_guard lock(mutex_);
  works_ = works;
  stop_after_ = SIZE_MAX;
  changed_.notify_all();
}

void FakeSink::stop_after(std::size_t count) {
  const std::lock_guard lock(mutex_);
  stop_after_ = count;
}

void FakeSink::say(bool up) {
  const std::lock_guard lock(mutex_);
  to_say_.push_back(up);
  changed_.notify_all();
}

void FakeSink::give_back() {
  const std::lock_guard lock(mutex_);
  give_back_ = true;
  changed_.notify_all();
}

void FakeSink::refuse(std::string part) {
  const std::lock_guard lock(mutex_);
  refused_ = std::move(part);
}

std::vector<std::string> FakeSink::taken() const {
  const std::lock_guard lock(mutex_);
  return taken_;
}

std::size_t FakeSink::taken_count() const {
  const std::lock_guard lock(mutex_);
  return taken_.size();
}

std::size_t FakeSink::letter_headers() const {
  const std::lock_guard lock(mutex_);
  return letters_;
}

std::size_t FakeSink::patient_count() const {
  const std::lock_guard lock(mutex_);
  return patient_;
}

std::size_t FakeSink::replayed_count() const {
  const std::lock_guard lock(mutex_);
  return replayed_;
}

}  // namespace rebuf::daemon
