#include "device.h"

#include <doctest/doctest.h>
#include <httplib.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;

// How long a device waits before it posts again; a real one heeds Retry-After, a test has no time.
constexpr milliseconds again_after{100};

void read_ids(const nlohmann::json& body, Sending& sending) {
  const auto id = [&](const char* name) {
    return Id::parse(body.value(name, body.value("id", ""))).value_or(Id{});
  };
  sending.first_id = id("first_id");
  sending.last_id = id("last_id");
  sending.durable = body.value("durable", false);
}

void read_answer(const httplib::Result& answer, Sending& sending) {
  if (!answer) {
    // What could not connect was not sent.
    const bool sent = answer.error() != httplib::Error::Connection;
    sending.outcome = sent ? Outcome::unknown : Outcome::refused;
    return;
  }
  sending.status = answer->status;
  const auto body = nlohmann::json::parse(answer->body, nullptr, false);
  if (!body.is_object()) return;
  sending.code = body.value("code", "");
  if (answer->has_header("Retry-After"))
    sending.retry_after_s = std::stoi(answer->get_header_value("Retry-After"));
  const std::string status = body.value("status", nlohmann::json()).is_string()
                                 ? body.at("status").get<std::string>()
                                 : std::string();
  if (answer->status == 200 && status == "delivered")
    sending.outcome = Outcome::delivered;
  else if (answer->status == 202 && status == "buffered")
    sending.outcome = Outcome::buffered;
  else if (answer->status >= 400 && sending.code != "outcome_unknown")
    sending.outcome = Outcome::refused;
  if (sending.acknowledged()) read_ids(body, sending);
}

}  // namespace

void Progress::start(std::size_t devices) {
  const std::lock_guard lock(mutex_);
  running_ = devices;
}

void Progress::finish_one() {
  const std::lock_guard lock(mutex_);
  --running_;
  changed_.notify_all();
}

void Progress::acknowledge(std::size_t rows) {
  const std::lock_guard lock(mutex_);
  acknowledged_ += rows;
  changed_.notify_all();
}

void Progress::refuse() {
  const std::lock_guard lock(mutex_);
  ++refused_;
  changed_.notify_all();
}

std::size_t Progress::acknowledged() const {
  const std::lock_guard lock(mutex_);
  return acknowledged_;
}

bool Progress::wait_for_rows(std::size_t acknowledged, milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return acknowledged_ >= acknowledged; });
}

bool Progress::wait_for_refusals(std::size_t more, milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit,
                           [&, before = refused_] { return refused_ >= before + more; });
}

bool Progress::wait_for_all(milliseconds limit) const {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, limit, [&] { return running_ == 0; });
}

Device::Device(std::uint32_t client, DeviceSettings settings, std::vector<std::string_view> rows)
    : client_(client), settings_(std::move(settings)), rows_(std::move(rows)) {}

void Device::run(const std::atomic<bool>& enough, const std::atomic<bool>& give_up,
                 Progress& progress) {
  httplib::Client connection("127.0.0.1", settings_.port);
  connection.set_keep_alive(true);
  connection.set_tcp_nodelay(true);
  connection.set_read_timeout(60, 0);
  std::size_t at = 0;
  bool all_once = settings_.endless;
  bool done_with = true;
  while (!give_up && !(enough && all_once && done_with)) {
    Sending sending = post(connection, at);
    done_with = sending.acknowledged() || sending.status == 422;
    if (sending.acknowledged())
      progress.acknowledge(sending.rows.size());
    else if (sending.outcome == Outcome::refused)
      progress.refuse();
    if (done_with) {
      at += sending.rows.size();
      if (at == rows_.size()) all_once = true;
      at %= rows_.size();
    }
    sendings_.push_back(std::move(sending));
    const milliseconds pause = done_with ? settings_.pause : again_after;
    if (pause > milliseconds(0)) std::this_thread::sleep_for(pause);
  }
}

Sending Device::post(httplib::Client& connection, std::size_t first_row) {
  Sending sending;
  sending.name = {client_, next_number_++};
  const std::string body = body_of(sending, first_row);
  const httplib::Headers headers{{"Rebuf-Key", "device-" + std::to_string(client_)},
                                 {"Rebuf-Header-Sending", sending.name.text()}};
  const char* type = settings_.rows_per_post == 1 ? "text/plain" : "application/x-ndjson";
  sending.begin = Clock::now();
  const auto answer = connection.Post(settings_.path, headers, body, type);
  sending.end = Clock::now();
  read_answer(answer, sending);
  return sending;
}

std::string Device::body_of(Sending& sending, std::size_t first_row) {
  const std::size_t count = std::min(settings_.rows_per_post, rows_.size() - first_row);
  std::string body;
  for (std::size_t i = first_row; i < first_row + count; ++i) {
    std::string_view row = rows_[i];
    if (settings_.odd_every > 0 && i % settings_.odd_every == settings_.odd_every - 1)
      row = made_rows_.emplace_back(std::string(row) + settings_.odd_text);
    if (settings_.name_in_value)
      row = made_rows_.emplace_back("{\"sending\":\"" + sending.name.text() +
                                    "\",\"row\":" + std::string(row) + "}");
    sending.rows.push_back(row);
    body += row;
    if (settings_.rows_per_post > 1) body += '\n';
  }
  return body;
}

Fleet::~Fleet() {
  give_up_ = true;
  join();
}

void Fleet::add(const DeviceSettings& settings, std::vector<std::string_view> rows) {
  devices_.emplace_back(static_cast<std::uint32_t>(devices_.size() + 1), settings, std::move(rows));
}

void Fleet::start() {
  progress_.start(devices_.size());
  for (Device& device : devices_)
    threads_.emplace_back([this, &device] {
      device.run(enough_, give_up_, progress_);
      progress_.finish_one();
    });
}

void Fleet::wait_for_rows(std::size_t more) const {
  const bool came = progress_.wait_for_rows(acknowledged() + more, std::chrono::seconds(300));
  REQUIRE_MESSAGE(came, "no acknowledgements");
}

void Fleet::wait_for_refusals(std::size_t more) const {
  const bool came = progress_.wait_for_refusals(more, std::chrono::seconds(300));
  REQUIRE_MESSAGE(came, "nothing is refused");
}

const std::vector<Sending>& Fleet::finish(std::chrono::seconds limit) {
  if (threads_.empty()) return sendings_;
  enough_ = true;
  CHECK_MESSAGE(progress_.wait_for_all(limit), "the devices do not finish");
  give_up_ = true;
  join();
  for (Device& device : devices_)
    std::move(device.sendings().begin(), device.sendings().end(), std::back_inserter(sendings_));
  return sendings_;
}

void Fleet::join() {
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
}

std::vector<std::string_view> share(const std::vector<std::string_view>& rows, std::size_t first,
                                    std::size_t devices) {
  std::vector<std::string_view> part;
  for (std::size_t i = first; i < rows.size(); i += devices) part.push_back(rows[i]);
  return part;
}

}  // namespace rebuf::e2e
