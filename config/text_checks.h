// What texts of one kind must look like. Each says what is wrong, or nothing.
#pragma once

#include <optional>
#include <string>

#include "config/parsed.h"

namespace rebuf::config {

[[nodiscard]] std::optional<Problem> check_name(const std::string& text);  // of a route or a sink
[[nodiscard]] std::optional<Problem> check_route_path(const std::string& text);
[[nodiscard]] std::optional<Problem> check_topic(const std::string& text);
[[nodiscard]] std::optional<Problem> check_topic_glob(const std::string& text);
[[nodiscard]] std::optional<Problem> check_header_name(const std::string& text);
[[nodiscard]] std::optional<Problem> check_header_glob(const std::string& text);
[[nodiscard]] std::optional<Problem> check_header_value(const std::string& text);
[[nodiscard]] std::optional<Problem> check_host(const std::string& text);     // host or host:port
[[nodiscard]] std::optional<Problem> check_brokers(const std::string& text);  // host:port, or more
[[nodiscard]] std::optional<Problem> check_url(const std::string& text);      // http or https
[[nodiscard]] std::optional<Problem> check_url_path(const std::string& text);
[[nodiscard]] std::optional<Problem> no_check(const std::string& text);

}  // namespace rebuf::config
