#include "schedule.h"

#include <doctest/doctest.h>

#include <iostream>
#include <thread>

#include "../audit.h"
#include "../dead_letters.h"

namespace rebuf::e2e {
namespace {

using std::chrono::milliseconds;

// For a machine that is busy with other things.
constexpr std::chrono::seconds patience{400};

// What makes a row one that the endpoint refuses, or too large where the topic's limit is lowered.
const std::string poisoned = "," + std::string(poison) + ":1";
const std::string padded(2 * TopicAdversary::lowered_limit, '.');

}  // namespace

Schedule::Schedule(std::uint64_t seed, test::KafkaCluster* cluster)
    : chance_(seed),
      shape_(chance_),
      kafka_(cluster == nullptr ? nullptr : std::make_unique<Kafka>(*cluster)),
      saboteur_(scratch_.path()),
      daemon_(scratch_.path(), configuration(true), Shape::http()),
      daemons_(daemon_, saboteur_),
      reloads_(daemon_, shape_, [this](bool with_hook) { return configuration(with_hook); }),
      endpoints_(endpoint_) {
  daemon_.set_environment(saboteur_.environment());
  tell(shape_.text());
  endpoint_.open();
  daemon_.start();
}

std::string Schedule::configuration(bool with_hook) const {
  const std::string sinks =
      kafka_ ? kafka_->network.kafka_sink(kafka_->topic.name(), shape_.kafka_option()) : "sinks:\n";
  return shape_.configuration(
      sinks + shape_.hook_sink(endpoint_.port()),
      (with_hook ? shape_.route("hook", "hook") : Shape::idle_route("stranger")) +
          (kafka_ ? shape_.route("kafka", kafka_->topic.name()) : ""));
}

void Schedule::run(const Round& round) {
  Audit hook_audit(daemon_, "hook");
  Audit kafka_audit(daemon_, kafka_ ? "kafka" : "hook");
  Fleet to_hook;
  Fleet to_kafka;
  add_devices(to_hook, "hook", round.odd_rows ? poisoned : "");
  if (kafka_) add_devices(to_kafka, "kafka", round.odd_rows ? padded : "");
  const auto end = Clock::now() + round.duration;
  while (Clock::now() < end) {
    tell(next_adversary(round).strike(chance_));
    std::this_thread::sleep_for(chance_.ms_between(0, 1000));
  }
  to_hook.wind_down();
  to_kafka.wind_down();
  heal();
  (void)to_hook.finish(patience);
  (void)to_kafka.finish(patience);
  daemon_.wait_until_drained("hook", patience);
  if (kafka_) daemon_.wait_until_drained("kafka", patience);
  for (Audit* audit : {&hook_audit, &kafka_audit}) {
    const std::string imbalance = audit->finish();
    CHECK_MESSAGE(imbalance.empty(), imbalance);
  }
  tell("drained");
  judge_hook(to_hook);
  if (kafka_) judge_kafka(to_kafka);
}

void Schedule::begin_anew() {
  endpoint_.forget();
  repetitions_before_ = daemon_.possible_repetitions();
  if (kafka_) kafka_->topics.make_anew();
}

void Schedule::stop() { CHECK(daemon_.stop() == 0); }

void Schedule::add_devices(Fleet& fleet, const std::string& route, const std::string& odd_text) {
  // Of both fleets, or of the one: more than one connection thread takes.
  const std::size_t devices = kafka_ ? 9 : 18;
  for (std::size_t device = 0; device < devices; ++device) {
    const std::size_t rows = device % 3 == 0 ? 1 : device % 3 == 1 ? 20 : 100;
    fleet.add({.port = daemon_.port(),
               .path = "/ingest/" + route,
               .rows_per_post = rows,
               .pause = milliseconds(rows == 1 ? 2 : 10 + rows),
               .name_in_value = route == "hook",
               .odd_every = rows == 1 && !odd_text.empty() ? 50U : 0U,
               .odd_text = odd_text,
               .endless = true},
              share(measurements_.rows(), device, devices));
  }
  fleet.start();
}

Adversary& Schedule::next_adversary(const Round& round) {
  if (round.harms_rebufd && chance_.once_in(kafka_ ? 6 : 2)) return daemons_;
  if (round.harms_rebufd && chance_.once_in(kafka_ ? 5 : 3)) return reloads_;
  if (!kafka_) return endpoints_;
  switch (chance_.between(1, 5)) {
    case 1:
      return endpoints_;
    case 2:
      return kafka_->networks;
    case 3:
      if (kafka_->brokers.all_well()) return kafka_->topics;
      [[fallthrough]];
    default:
      return kafka_->brokers;
  }
}

void Schedule::heal() {
  tell("heal");
  endpoints_.heal();
  daemons_.heal();
  if (kafka_) {
    kafka_->networks.heal();
    kafka_->brokers.heal();
    kafka_->topics.heal();
  }
  reloads_.heal();
  tell("healed");
}

void Schedule::judge_hook(Fleet& fleet) {
  judge("hook", fleet, endpoint_.arrivals(), poisoned,
        {.duplicates =
             daemons_.found_in_log("hook") + reloads_.found_again("hook") + endpoint_.unanswered(),
         .sink_repeats = true});
}

void Schedule::judge_kafka(Fleet& fleet) {
  // What the sink gave back may be sent again before its copy is in the log.
  const std::size_t given_back = kafka_->topics.uncertainties();
  const std::size_t let_go = given_back + reloads_.lettings_go("kafka");
  Explained explained{.duplicates = daemons_.found_in_log("kafka") + reloads_.found_again("kafka") +
                                    let_go * shape_.most_given_back(),
                      .sink_repeats = given_back > 0,
                      .topic_removed = kafka_->topics.removed()};
  explained.allow_repetitions(daemon_.possible_repetitions() - repetitions_before_,
                              shape_.most_given_back());
  judge("kafka", fleet, kafka_->topic.arrivals(), padded, explained);
}

void Schedule::judge(const std::string& route, Fleet& fleet, const std::vector<Arrival>& arrivals,
                     const std::string& odd_text, Explained explained) {
  for (const DeadLetter& letter : dead_letters(daemon_, route)) {
    CHECK_MESSAGE(letter.value.find(odd_text) != std::string::npos, letter.reason);
    explained.dead_letters.insert(letter.id);
  }
  const Verdict verdict = check(fleet.finish(), arrivals, explained);
  CHECK_MESSAGE(verdict.violations.empty(), route, ": ", verdict.violations, daemon_.log_end());
  tell(route + ": " + std::to_string(verdict.acknowledged) + " rows acknowledged, " +
       std::to_string(verdict.replayed) + " from the log, " +
       std::to_string(explained.dead_letters.size()) + " dead letters, " +
       std::to_string(verdict.duplicates) + " duplicates (" + std::to_string(explained.duplicates) +
       " explained)");
}

void Schedule::tell(const std::string& what) const {
  std::cerr << std::chrono::duration_cast<milliseconds>(Clock::now() - begin_).count()
            << " ms: " << what << '\n';
}

}  // namespace rebuf::e2e
