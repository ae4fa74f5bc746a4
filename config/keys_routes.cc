// The keys of routes, which `route_defaults` has as well.
#include "config/keys.h"
#include "config/size.h"
#include "config/text_checks.h"

namespace rebuf::config {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;

// The log's share of `buffer`; `max_segments` belongs to the draft.
Table<RouteDraft> buffer_keys() {
  const Table<Buffer> own{
      {value("segment_size", &Buffer::segment_size, size_type(4 * KiB, GiB)),
       value("max_bytes", &Buffer::max_bytes, size_type(8 * KiB, 1024 * TiB)),
       value("sync", &Buffer::sync,
             choice_type<Sync>({{"every_write", Sync::every_write}, {"interval", Sync::interval}})),
       value("sync_interval", &Buffer::sync_interval, duration_type(Milliseconds(10), hours(1))),
       value(
           "on_full", &Buffer::on_full,
           choice_type<OnFull>({{"reject", OnFull::reject}, {"drop_oldest", OnFull::drop_oldest}})),
       value("max_age", &Buffer::max_age, optional_type(duration_type(seconds(1), days(3650))))},
      {}};
  Table<RouteDraft> table = lift(&RouteDraft::route, lift(&RouteConfig::buffer, own));
  table.keys.push_back(value("max_segments", &RouteDraft::max_segments,
                             optional_type(integer_type<std::uint64_t>(1, 1'000'000))));
  return table;
}

// One of max_bytes and max_segments says the capacity; a route's own stands before the default's.
Key<RouteDraft> buffer_key() {
  Key<RouteDraft> key = group("buffer", buffer_keys());
  key.read = [read = std::move(key.read)](const Reader& here, const Entry& entry,
                                          RouteDraft& into) {
    const bool max_bytes = entry.value->find("max_bytes") != nullptr;
    if (max_bytes) into.max_segments.reset();
    read(here, entry, into);
    if (max_bytes && into.max_segments)
      here.mistake(entry.value->find("max_segments")->at, "has both `max_bytes` and `max_segments`",
                   "keep one: they say the same in two ways");
  };
  return key;
}

Table<RouteConfig> window_keys() {
  return {{value("max_messages", &RouteConfig::window_max_messages,
                 integer_type<std::uint32_t>(1, 1'000'000)),
           value("max_bytes", &RouteConfig::window_max_bytes, size_type(KiB, GiB))},
          {}};
}

Table<RouteConfig> drain_keys() {
  return {{value("max_rate", &RouteConfig::drain_max_rate,
                 optional_type(integer_type<std::uint64_t>(1, 10'000'000))),
           value("jitter", &RouteConfig::drain_jitter, duration_type(seconds(0), days(1)))},
          {}};
}

Table<RouteConfig> on_error_keys() {
  const ValueType<OnError> type = choice_type<OnError>(
      {{"retry", OnError::retry}, {"dead_letter", OnError::dead_letter}, {"drop", OnError::drop}});
  return {{value("too_large", &RouteConfig::on_too_large, type),
           value("unknown_topic", &RouteConfig::on_unknown_topic, type),
           value("invalid", &RouteConfig::on_invalid, type),
           value("auth", &RouteConfig::on_auth, type)},
          {}};
}

Table<RouteConfig> dead_letters_keys() {
  return {{value("max_bytes", &RouteConfig::dead_letters_max_bytes, size_type(64 * KiB, TiB))},
          {"max_age"}};
}

Table<RouteConfig> idempotency_keys() {
  return {{value("window", &RouteConfig::idempotency_window, duration_type(seconds(1), days(7))),
           value("max_keys", &RouteConfig::idempotency_max_keys,
                 integer_type<std::uint32_t>(1, 1'000'000))},
          {}};
}

Table<RouteConfig> message_keys() {
  return {
      {value("path", &RouteConfig::path, text_type("path", check_route_path), "`/ingest/<route>`"),
       value("sink", &RouteConfig::sink, text_type("name of a sink", check_name), "required"),
       value("topic", &RouteConfig::topic, text_type("topic", check_topic), "the route's name"),
       list("topics", &RouteConfig::topics, text_type("topic with `*` and `?`", check_topic_glob),
            OneAlone::with_brackets),
       value("split", &RouteConfig::split,
             choice_type<Split>({{"auto", Split::automatic},
                                 {"single", Split::single},
                                 {"lines", Split::lines},
                                 {"json_array", Split::json_array}})),
       value("ack", &RouteConfig::ack,
             choice_type<Ack>({{"delivered_or_buffered", Ack::delivered_or_buffered},
                               {"delivered", Ack::delivered},
                               {"buffered", Ack::buffered}})),
       value("spill_after", &RouteConfig::spill_after, duration_type(Milliseconds(50), hours(1))),
       list("forward_headers", &RouteConfig::forward_headers,
            in_lower_case(text_type("header name with `*` and `?`", check_header_glob)),
            OneAlone::with_brackets),
       pairs("add_headers", &RouteConfig::add_headers,
             in_lower_case(text_type("header name", check_header_name)),
             text_type("text", check_header_value))},
      {}};
}

void read_route(const Reader& here, const Entry& entry, Draft& into) {
  here.places().inherit("route_defaults", here.path());
  here.places().begin_section(here.path(), entry.at);
  if (std::optional<Problem> problem = check_name(entry.key)) here.wrong_name(entry.at, *problem);
  RouteDraft draft = into.route_defaults;
  read_table(here, *entry.value, route_keys(), draft);
  draft.settle();
  RouteConfig& route = draft.route;
  route.name = entry.key;
  route.location = entry.at;
  if (route.path.empty()) route.path = "/ingest/" + route.name;
  if (route.topic.empty()) route.topic = route.name;
  into.config.routes.push_back(std::move(route));
}

}  // namespace

Table<RouteDraft> route_keys() {
  Table<RouteDraft> table = lift(&RouteDraft::route, message_keys());
  const auto add = [&](std::string name, Table<RouteConfig> keys) {
    table.keys.push_back(group(std::move(name), lift(&RouteDraft::route, std::move(keys))));
  };
  table.keys.push_back(buffer_key());
  add("window", window_keys());
  add("drain", drain_keys());
  add("on_error", on_error_keys());
  add("dead_letters", dead_letters_keys());
  add("idempotency", idempotency_keys());
  return table;
}

// Only read: a visitor finds each route complete.
Key<Draft> route_defaults_key() {
  Key<Draft> key = section("route_defaults", &Draft::route_defaults, route_keys());
  key.visit = [](Visitor&, const Draft&) {};
  return key;
}

Key<Draft> routes_key() {
  const auto read = [](const Reader& here, const Entry& entry, Draft& into) {
    here.places().begin_section(here.path(), entry.at);
    if (!here.is_mapping(*entry.value)) return;
    for (const Entry& route : entry.value->entries) read_route(here.inside(route.key), route, into);
  };
  const auto visit = [](Visitor& visitor, const Draft& from) {
    visitor.begin("routes");
    for (const RouteConfig& route : from.config.routes) {
      visitor.begin(route.name);
      visit_table(visitor, route_keys(), RouteDraft{route, {}});
      visitor.end();
    }
    visitor.end();
  };
  return {"routes", read, visit};
}

}  // namespace rebuf::config
