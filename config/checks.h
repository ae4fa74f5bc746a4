// What only several keys together can get wrong. Each looks at a configuration that was read and
// reports at the places of the keys; keys that were already wrong are not judged again.
#pragma once

#include "config/config.h"
#include "config/places.h"
#include "config/report.h"

namespace rebuf::config {

struct Checked {
  const Config& config;
  const Places& places;
  Report& report;
};

void check_listens(const Checked& checked);   // addresses that collide
void check_sinks(const Checked& checked);     // keys of a sink against each other, TLS files
void check_kafka(const Checked& checked);     // librdkafka's properties
void check_routes(const Checked& checked);    // sinks, paths and topics over all routes
void check_capacity(const Checked& checked);  // windows, buffers, memory and the file system

}  // namespace rebuf::config
