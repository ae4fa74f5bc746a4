// A disk in memory that knows which of its contents would survive a power cut. Nothing is durable
// before a sync says so: the bytes and the size of a file by sync_file, a name by sync_directory of
// the directory it stands in. A plain value; SimFileSystem guards the one that a Log works on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace rebuf::test {

using InodeId = std::uint32_t;

// One change asked of the disk. A list of these makes the same disk again.
struct Change {
  enum class Kind : std::uint8_t {
    create,          // path, inode
    make_directory,  // path, inode
    rename,          // path -> to; what stood at `to` is gone
    unlink,          // path
    write,           // inode, offset, data
    resize,          // inode, offset = the new size
    sync_file,       // inode: all so far is durable
    sync_fails,      // inode: what is not yet durable never will be, but can be read until it is
                     // dropped
    drop_cache,      // inode: from now on reads give what is durable or not yet synced
    sync_directory,  // path
  };
  Kind kind = Kind::create;
  InodeId inode = 0;
  std::string path{};
  std::string to{};
  std::uint64_t offset = 0;
  std::string data{};
};

class Disk {
 public:
  Disk();  // with the root directory "/"

  void apply(const Change& change);

  [[nodiscard]] std::optional<InodeId> find(const std::string& path) const;
  [[nodiscard]] bool is_directory(InodeId inode) const { return inodes_.at(inode).directory; }
  [[nodiscard]] const std::string& content(InodeId inode) const { return inodes_.at(inode).now; }
  [[nodiscard]] bool shows_lost_bytes(InodeId inode) const { return inodes_.at(inode).lost; }
  [[nodiscard]] InodeId unused_inode() const { return static_cast<InodeId>(inodes_.size()); }
  [[nodiscard]] const std::map<std::string, InodeId>& names() const { return names_; }
  [[nodiscard]] std::uint64_t used_bytes() const;  // of all files that have a name

  // The disk as a new machine with the same files would find it; equal for equal trees.
  [[nodiscard]] std::string fingerprint() const;

  // Gives every disk that a power cut now may leave, each once:
  //   - every subset of the unsynced directory operations that keeps the order of those on one
  //   name;
  //   - of each file's unsynced bytes all, none, each prefix of the writes, and, by sectors of 512
  //     bytes, every torn, reordered or zeroed mixture (all of them up to four sectors, from there
  //     on the prefixes, suffixes and holes), with the new size, also where the data is missing, or
  //     cut. Of several files all combinations; when these are too many, each file's outcomes
  //     beside all others kept and all others lost.
  void each_power_cut(const std::function<void(const Disk&)>& visit) const;

 private:
  struct Inode {
    bool directory = false;
    std::string now;              // what a read gives
    std::string durable;          // what a power cut leaves at least
    std::vector<Change> pending;  // writes and resizes since the last sync
    bool lost = false;            // a sync failed, and `now` still shows what it lost
  };
  struct NameChange {
    std::string removes;  // empty for a new name
    std::string adds;     // empty for an unlink
    InodeId inode = 0;
  };
  using Names = std::map<std::string, InodeId>;
  using Unsure = std::vector<std::pair<InodeId, std::vector<std::string>>>;  // a file's outcomes

  static void change(Names& names, const NameChange& by);
  static void change(std::string& content, const Change& by);
  static std::vector<std::string> outcomes(const Inode& inode);
  void name_change(NameChange by);
  void sync_directory(const std::string& path);
  [[nodiscard]] std::vector<Names> name_outcomes() const;
  static void each_mixture(std::size_t file, const Unsure& unsure,
                           const std::function<void(std::size_t, std::size_t)>& leave,
                           const std::function<void()>& visit);
  void each_content(const Names& names, const std::function<void(const Disk&)>& visit) const;

  std::vector<Inode> inodes_;
  Names names_;
  Names durable_names_;
  std::vector<NameChange> pending_names_;
};

// The directory part of a path: "/" for "/log".
[[nodiscard]] std::string parent(const std::string& path);

}  // namespace rebuf::test
