# The rules of the route, and how each is broken; the search must find every one of them.
broken_rule(growing_latency_ignored drain_pace.cc
  "< known.rate / slow) halve();"
  "< known.rate / slow) {}")
broken_rule(own_queue_taken_for_a_slow_sink drain_pace.cc
  " && seen.rate < known.rate / slow)"
  ")")
broken_rule(pace_stays_halved drain_pace.cc
  ": most_ / slow_steps / limit_));"
  ": 0));")
broken_rule(answer_before_commit core_append.cc
  "queued_bytes_ += entry->framed_bytes();"
  "queued_bytes_ += entry->framed_bytes(); resolve(*entry, true);")
broken_rule(spill_skipped core_time.cc
  "if (settings_.route.ack != config::Ack::delivered) spill();"
  "")
broken_rule(append_before_the_window_is_spilled core_append.cc
  "if (unspilled_) spill();"
  "unspilled_ = false;")
broken_rule(failed_append_keeps_its_ordinals core_append.cc
  "next_ordinal_ = std::min(next_ordinal_, queued_.front()->ordinal);"
  "")
broken_rule(cancelled_request_is_forgotten core_append.cc
  "  fail_unlogged_tail();\n  unspilled_"
  "  unspilled_")
broken_rule(give_back_forgotten core_deliver.cc
  "      return given_back(entry, report);"
  "      return;")
broken_rule(cursor_saved_past_what_is_open core_deliver.cc
  "    entry.submitted_at = now;"
  "    entry.submitted_at = now; if (entry.has_ordinal) { cursor_.position = std::max(cursor_.position, entry.end); cursor_.ordinal = entry.ordinal + 1; cursor_dirty_ = true; }")
broken_rule(window_not_bounded core_deliver.cc
  "if (bytes > 0 && bytes + size > settings_.route.window_max_bytes) break;"
  "")
broken_rule(gap_read_twice core_drain.cc
  "  gap_position_ = ref.end;"
  "")
broken_rule(tail_overtakes_the_gap core_accept.cc
  "phase_ == Phase::draining && !gap_open_ && tail_.empty()"
  "phase_ == Phase::draining")
broken_rule(purge_before_the_cursor_is_saved log_work.cc
  "if (work.save) done.status = log.save_cursor(*work.save);"
  "")
broken_rule(purge_one_segment_too_far core_housekeeping.cc
  "  return first_needed - 1;"
  "  return first_needed;")
broken_rule(dead_letter_done_before_it_is_durable core_refuse.cc
  "  if (!status.ok()) {"
  "  if (false) {")
broken_rule(dropped_messages_not_counted core_housekeeping.cc
  "if (ordinal) advance_gap(*ordinal, reason);"
  "if (ordinal) gap_ordinal_ = ordinal;")
broken_rule(refused_among_others_only_told core_answer.cc
  "  if (undecided.size() == count &&"
  "  if (progress.answer.refused.size() > 0 &&")
broken_rule(direct_before_the_tail_is_submitted core_time.cc
  "if (gap_open_ || !tail_.empty() || next_submit_"
  "if (next_submit_")
broken_rule(memory_of_the_backlog_kept core_drain.cc
  "settings_.route.window_max_bytes / 2 : 0"
  "settings_.route.window_max_bytes * 100 : settings_.route.window_max_bytes * 100")
broken_rule(ordinal_of_the_end_stored_at_the_cursor core_drain.cc
  "cursor_.ordinal = found.ordinal.value_or(0);"
  "cursor_.ordinal = found.ordinal.value_or(found.next_ordinal);")
broken_rule(memory_of_the_sink_not_bounded core_accept.cc
  "settings_.sink_memory;"
  "UINT64_MAX;")
broken_rule(paused_route_drains core_time.cc
  "if (drain_at_ || stopping_ || paused_) return;"
  "if (drain_at_ || stopping_) return;")
broken_rule(purge_only_on_disk core_operator.cc
  "go_on_behind(to, ordinal, DropReason::operator_, now);"
  "if (ordinal) cursor_.position = std::max(cursor_.position, to);")
broken_rule(catch_up_lifts_the_window_too core_deliver.cc
  "if (phase_ != Phase::draining) return allowed;"
  "if (phase_ != Phase::draining) return allowed;\n  if (catching_up_) return window_.size();")
broken_rule(clock_step_not_noticed core_age.cc
  "    stepped_at_ = now;"
  "")
broken_rule(expired_messages_not_counted core_deliver.cc
  "drop(entry, DropReason::expired);"
  "mark_done(entry);")
broken_rule(replayed_letters_not_counted core_accept.cc
  "    totals_.recovered += request.batch.size();"
  "")
broken_rule(replayed_letter_gets_a_new_id core_accept.cc
  "return known->id;"
  "return effects_.next_id();")
broken_rule(what_was_refused_goes_with_others core_deliver.cc
  "if (entry.goes_alone && (in_sink_ > 0 || !outgoing_.empty())) break;"
  "")
broken_rule(others_go_with_what_was_refused core_deliver.cc
  "  if (one_goes_alone()) return 0;"
  "")
broken_rule(refused_again_without_new_tokens core_refuse.cc
  "      submit_from_front();"
  "      next_submit_ = 0;")
