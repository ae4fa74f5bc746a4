# The rules of the window, and how each is broken; the search must find every one of them.
broken_key_rule(answer_before_the_record
  "unwritten_.push_back(place->first);"
  "unwritten_.push_back(place->first); for (const Client& c : running.clients) tell(c, *running.answer, answers); running.clients.clear();")
broken_key_rule(refusal_remembered
  "if (answer.code == AnswerCode::ok) {"
  "if (true) {")
broken_key_rule(body_not_compared
  "if (known->second.fingerprint != fingerprint) return Begun::other_body;"
  "")
broken_key_rule(repeat_forwarded_while_the_first_runs
  "return is_new ? Begun::first : Begun::joined;"
  "return Begun::first;")
broken_key_rule(client_forgotten
  "running.clients.push_back({client, client->batch.size(), is_new});"
  "if (running.clients.size() < 2) running.clients.push_back({client, client->batch.size(), is_new});")
broken_key_rule(age_forgotten_over_a_restart
  "const Time until = now + limits_.age - std::chrono::duration_cast<Clock::duration>(age);"
  "const Time until = now + limits_.age;")
broken_key_rule(purge_one_record_too_far
  "return places_.front().number;"
  "return places_.front().number + 1;")
broken_key_rule(keys_not_bounded
  "remembered_.size() > limits_.max_keys"
  "false")
broken_key_rule(bytes_counted_twice
  "      bytes_ -= bytes_of(known->first, known->second.answer);"
  "")
