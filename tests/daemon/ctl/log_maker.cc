#include "log_maker.h"

#include <doctest/doctest.h>

#include <fstream>

#include "daemon/envelope.h"
#include "daemon/route/dead_letters.h"

namespace rebuf::ctl_test {
namespace {

Bytes bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

std::string envelope_of(std::uint64_t ordinal, std::string_view value,
                        std::optional<std::string_view> key) {
  std::string headers;
  sinks::pack_header(headers, "content-type", "text/plain");
  daemon::Envelope envelope;
  envelope.ordinal = ordinal;
  envelope.id.bytes.back() = static_cast<std::uint8_t>(ordinal + 1);
  envelope.timestamp_ms = 1'700'000'000'000;
  envelope.arrival_ms = 1'700'000'000'000 + static_cast<std::int64_t>(ordinal);
  envelope.topic = "t";
  envelope.key = key;
  envelope.headers = sinks::HeaderList(headers);
  envelope.value = value;
  std::string encoded;
  daemon::encode(envelope, encoded);
  return encoded;
}

}  // namespace

test::Finished rebufctl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), REBUF_REBUFCTL);
  return test::run(arguments);
}

LogMaker::LogMaker(const std::filesystem::path& dir) {
  std::filesystem::create_directories(dir);
  Options options;
  options.state_dir = dir;
  options.sync_strategy = SyncStrategy::manual;
  auto log = Log::open(dir / "log", std::move(options));
  REQUIRE_MESSAGE(log.ok(), log.status().message());
  log_ = std::move(*log);
}

void LogMaker::message(std::string_view value, std::optional<std::string_view> key) {
  raw(envelope_of(ordinal_++, value, key));
}

void LogMaker::dead_letter(std::string_view value, std::string_view reason) {
  const std::string inner = envelope_of(ordinal_++, value, std::nullopt);
  daemon::DeadLetter letter;
  letter.time_ms = 1'700'000'100'000;
  letter.reason = reason;
  letter.sink = "main";
  letter.detail = "the broker says no";
  letter.envelope = bytes_of(inner);
  raw(daemon::encode(letter));
}

void LogMaker::raw(std::string_view bytes) { REQUIRE(log_->write(bytes_of(bytes)).ok()); }
void LogMaker::seal() { REQUIRE(log_->seal().ok()); }
void LogMaker::close() { REQUIRE(log_->close().ok()); }

void flip_bit(const std::filesystem::path& file, std::uint64_t offset) {
  std::fstream bytes(file, std::ios::in | std::ios::out | std::ios::binary);
  const auto at = static_cast<std::streamoff>(offset);
  bytes.seekg(at);
  const int byte = bytes.get();
  REQUIRE(byte != std::char_traits<char>::eof());
  bytes.seekp(at);
  bytes.put(static_cast<char>(byte ^ 1));
}

}  // namespace rebuf::ctl_test
