#include "tests/wal/sim/disk.h"

#include <algorithm>
#include <set>

namespace rebuf::test {

std::string parent(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

Disk::Disk() {
  inodes_.emplace_back().directory = true;
  names_["/"] = durable_names_["/"] = 0;
}

void Disk::apply(const Change& change_now) {
  using Kind = Change::Kind;
  switch (change_now.kind) {
    case Kind::create:
    case Kind::make_directory:
      inodes_.resize(std::max<std::size_t>(inodes_.size(), change_now.inode + 1));
      inodes_[change_now.inode].directory = change_now.kind == Kind::make_directory;
      name_change({{}, change_now.path, change_now.inode});
      break;
    case Kind::rename:
      name_change({change_now.path, change_now.to, names_.at(change_now.path)});
      break;
    case Kind::unlink:
      name_change({change_now.path, {}, names_.at(change_now.path)});
      break;
    case Kind::write:
    case Kind::resize: {
      Inode& inode = inodes_.at(change_now.inode);
      change(inode.now, change_now);
      inode.pending.push_back(change_now);
      break;
    }
    case Kind::sync_file: {
      Inode& inode = inodes_.at(change_now.inode);
      for (const Change& pending : inode.pending) change(inode.durable, pending);
      inode.pending.clear();
      break;
    }
    case Kind::sync_fails: {
      Inode& inode = inodes_.at(change_now.inode);
      inode.lost = inode.lost || !inode.pending.empty();
      inode.pending.clear();
      break;
    }
    case Kind::drop_cache: {
      Inode& inode = inodes_.at(change_now.inode);
      inode.lost = false;
      inode.now = inode.durable;
      for (const Change& pending : inode.pending) change(inode.now, pending);
      break;
    }
    case Kind::sync_directory:
      sync_directory(change_now.path);
      break;
  }
}

std::optional<InodeId> Disk::find(const std::string& path) const {
  const auto found = names_.find(path);
  if (found == names_.end()) return std::nullopt;
  return found->second;
}

std::uint64_t Disk::used_bytes() const {
  std::uint64_t sum = 0;
  for (const auto& [name, inode] : names_) sum += inodes_[inode].now.size();
  return sum;
}

std::string Disk::fingerprint() const {
  std::string all;
  for (const auto& [name, inode] : names_) {
    const std::string& content = inodes_[inode].now;
    all.append(name).append(1, '\0').append(std::to_string(content.size())).append(1, '\0');
    all.append(content);
  }
  return all;
}

void Disk::change(Names& names, const NameChange& by) {
  if (!by.removes.empty()) names.erase(by.removes);
  if (!by.adds.empty()) names[by.adds] = by.inode;
}

void Disk::change(std::string& content, const Change& by) {
  if (by.kind == Change::Kind::resize) {
    content.resize(by.offset, '\0');
    return;
  }
  content.resize(std::max<std::size_t>(content.size(), by.offset + by.data.size()), '\0');
  content.replace(by.offset, by.data.size(), by.data);
}

void Disk::name_change(NameChange by) {
  change(names_, by);
  pending_names_.push_back(std::move(by));
}

namespace {

template <class NameChange>
bool on_one_name(const NameChange& a, const NameChange& b) {
  const auto touches = [&](const std::string& name) {
    return !name.empty() && (name == b.removes || name == b.adds);
  };
  return touches(a.removes) || touches(a.adds);
}

}  // namespace

void Disk::sync_directory(const std::string& path) {
  const auto within = [&](const std::string& name) {
    return !name.empty() && parent(name) == path;
  };
  std::vector<bool> durable(pending_names_.size());
  for (std::size_t i = pending_names_.size(); i-- > 0;) {
    durable[i] = durable[i] || within(pending_names_[i].removes) || within(pending_names_[i].adds);
    for (std::size_t before = 0; durable[i] && before < i; ++before)
      if (on_one_name(pending_names_[before], pending_names_[i])) durable[before] = true;
  }
  std::vector<NameChange> left;
  for (std::size_t i = 0; i < pending_names_.size(); ++i) {
    if (durable[i])
      change(durable_names_, pending_names_[i]);
    else
      left.push_back(pending_names_[i]);
  }
  pending_names_ = std::move(left);
}

std::vector<Disk::Names> Disk::name_outcomes() const {
  constexpr std::size_t most = 10;  // the operations from there on are kept or lost together
  const std::size_t count = pending_names_.size();
  std::set<Names> seen;
  std::vector<Names> outcomes;
  for (std::uint64_t mask = 0; mask < (1ULL << std::min(count, most)); ++mask) {
    const auto kept = [mask](std::size_t i) { return ((mask >> std::min(i, most - 1)) & 1) != 0; };
    Names names = durable_names_;
    bool possible = true;
    for (std::size_t i = 0; i < count; ++i) {
      if (!kept(i)) continue;
      change(names, pending_names_[i]);
      for (std::size_t before = 0; before < i; ++before)
        if (!kept(before) && on_one_name(pending_names_[before], pending_names_[i]))
          possible = false;
    }
    if (!possible) continue;
    // In order of names a directory comes before what it holds.
    std::erase_if(names, [&](const auto& entry) { return !names.contains(parent(entry.first)); });
    if (seen.insert(names).second) outcomes.push_back(std::move(names));
  }
  return outcomes;
}

// What was durable comes first, everything that was asked for last.
std::vector<std::string> Disk::outcomes(const Inode& inode) {
  constexpr std::size_t sector = 512;
  std::set<std::string> seen;
  std::string flushed = inode.durable;
  seen.insert(flushed);
  for (const Change& pending : inode.pending) {
    change(flushed, pending);
    seen.insert(flushed);
  }
  std::string old = inode.durable;
  old.resize(flushed.size(), '\0');
  std::vector<std::size_t> dirty;
  for (std::size_t at = 0; at < flushed.size(); at += sector)
    if (flushed.compare(at, sector, old, at, sector) != 0) dirty.push_back(at);

  const auto mixture = [&](const std::function<bool(std::size_t)>& keeps) {
    std::string content = old;
    std::size_t end = inode.durable.size();
    for (std::size_t i = 0; i < dirty.size(); ++i) {
      if (!keeps(i)) continue;
      content.replace(dirty[i], sector, flushed, dirty[i], sector);
      end = std::max(end, std::min(dirty[i] + sector, flushed.size()));
    }
    seen.insert(content);
    if (end < content.size()) seen.insert(content.substr(0, end));
  };
  if (dirty.size() <= 4) {
    for (std::size_t kept = 0; kept < (1U << dirty.size()); ++kept)
      mixture([&](std::size_t i) { return ((kept >> i) & 1) != 0; });
  } else {
    for (std::size_t k = 0; k <= dirty.size(); ++k) {
      mixture([&](std::size_t i) { return i < k; });
      mixture([&](std::size_t i) { return i >= k; });
      mixture([&](std::size_t i) { return i != k; });
    }
  }
  seen.erase(inode.durable);
  seen.erase(flushed);
  std::vector<std::string> all = {inode.durable};
  all.insert(all.end(), seen.begin(), seen.end());
  all.push_back(flushed);
  return all;
}

void Disk::each_power_cut(const std::function<void(const Disk&)>& visit) const {
  for (const Names& names : name_outcomes()) each_content(names, visit);
}

void Disk::each_content(const Names& names, const std::function<void(const Disk&)>& visit) const {
  Unsure unsure;
  Disk left;
  left.inodes_.resize(inodes_.size());
  left.names_ = left.durable_names_ = names;
  for (const auto& [name, inode] : names) {
    left.inodes_[inode].directory = inodes_[inode].directory;
    left.inodes_[inode].now = left.inodes_[inode].durable = inodes_[inode].durable;
    if (!inodes_[inode].pending.empty()) unsure.emplace_back(inode, outcomes(inodes_[inode]));
  }
  const auto leave = [&](std::size_t file, std::size_t outcome) {
    Inode& inode = left.inodes_[unsure[file].first];
    inode.now = inode.durable = unsure[file].second[outcome];
  };
  constexpr std::size_t most_together = 300;
  std::size_t together = 1;
  for (const auto& [inode, contents] : unsure) together *= std::min(contents.size(), most_together);
  if (together <= most_together) {
    each_mixture(0, unsure, leave, [&] { visit(left); });
    return;
  }
  for (const bool kept : {false, true})
    for (std::size_t file = 0; file < unsure.size(); ++file) {
      for (std::size_t other = 0; other < unsure.size(); ++other)
        leave(other, kept ? unsure[other].second.size() - 1 : 0);
      for (std::size_t outcome = 0; outcome < unsure[file].second.size(); ++outcome) {
        leave(file, outcome);
        visit(left);
      }
    }
}

void Disk::each_mixture(std::size_t file, const Unsure& unsure,
                        const std::function<void(std::size_t, std::size_t)>& leave,
                        const std::function<void()>& visit) {
  if (file == unsure.size()) {
    visit();
    return;
  }
  for (std::size_t outcome = 0; outcome < unsure[file].second.size(); ++outcome) {
    leave(file, outcome);
    each_mixture(file + 1, unsure, leave, visit);
  }
}

}  // namespace rebuf::test
