#include "daemon/ctl/entry.h"

#include "daemon/ctl/text.h"

namespace rebuf::ctl {
namespace {

using Json = nlohmann::ordered_json;

void put(Json& into, const std::string& name, std::string_view bytes) {
  if (is_utf8(bytes))
    into[name] = bytes;
  else
    into[name + "_base64"] = base64(bytes);
}

void put_message(Json& into, const daemon::Envelope& message) {
  into["id"] = message.id.hex();
  into["timestamp_ms"] = message.timestamp_ms;
  into["arrival_ms"] = message.arrival_ms;
  put(into, "topic", message.topic);
  if (message.key)
    put(into, "key", *message.key);
  else
    into["key"] = nullptr;
  Json headers = Json::array();
  for (const sinks::Header header : message.headers) {
    Json one;
    put(one, "name", header.name);
    put(one, "value", header.value);
    headers.push_back(std::move(one));
  }
  into["headers"] = std::move(headers);
}

void put_dead_letter(Json& into, const daemon::DeadLetter& letter) {
  into["dead_since_ms"] = letter.time_ms;
  put(into, "reason", letter.reason);
  put(into, "sink", letter.sink);
  put(into, "detail", letter.detail);
}

}  // namespace

Entry Entry::decode(Bytes data) {
  Entry entry;
  entry.value = {reinterpret_cast<const char*>(data.data()), data.size()};
  entry.dead_letter = daemon::decode_dead_letter(data);
  if (entry.dead_letter) data = entry.dead_letter->envelope;
  entry.message = daemon::decode(data);
  if (entry.message)
    entry.value = entry.message->value;
  else if (entry.dead_letter)
    entry.value = {reinterpret_cast<const char*>(data.data()), data.size()};
  return entry;
}

Json to_json(const EntryRef& at, const Entry& entry) {
  Json json{{"segment", at.begin.segment}, {"offset", at.begin.offset}};
  if (entry.dead_letter) put_dead_letter(json, *entry.dead_letter);
  if (entry.message) put_message(json, *entry.message);
  put(json, "value", entry.value);
  return json;
}

}  // namespace rebuf::ctl
