// Plays a sequence on a log in memory and on the model, and says where they differ.
#pragma once

#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "rebuf/log.h"
#include "tests/wal/model/model.h"
#include "tests/wal/model/sequence.h"
#include "tests/wal/sim/sim_file_system.h"

namespace rebuf::test {

class Player {
 public:
  // The first difference, in a sentence; empty when log and model agree to the end.
  [[nodiscard]] static std::optional<std::string> play(const Sequence& sequence);

 private:
  using Difference = std::optional<std::string>;
  struct Group {
    std::vector<std::string> data;
    std::optional<Code> ended;
  };

  Difference step(const Operation& operation);
  Difference write(const Operation& operation, bool batch);
  Difference append(const Operation& operation);
  Difference settle();  // waits for all appends, then gives them to the model
  Difference replay(const Operation& operation);
  [[nodiscard]] Difference replay_difference(const std::vector<Model::Entry>& before,
                                             const std::vector<std::string>& known,
                                             const std::vector<std::string>& found) const;
  Difference replay_from(const Operation& operation);
  Difference stopped_replay(const Operation& operation);
  Difference read(const Operation& operation);
  Difference seek(const Operation& operation);
  Difference seal();
  Difference purge();
  Difference purge_through(const Operation& operation);
  Difference save_cursor(const Operation& operation);
  Difference reopen(const Operation& operation);
  Difference cursor_after_open();
  Difference refused(const Operation& operation);
  Difference same_face();

  std::vector<std::string> new_entries(std::uint32_t a, std::uint32_t b);

  SimFileSystem fs_;
  Options options_;
  Model model_;
  std::unique_ptr<Log> log_;
  std::unique_ptr<Reader> reader_;
  std::optional<Cursor> cursor_;
  std::size_t made_ = 0;

  std::mutex mutex_;  // guards what follows against the commit thread
  std::condition_variable ended_;
  std::deque<Group> queued_;  // the tag is the index
};

}  // namespace rebuf::test
