#include "daemon/route/identity.h"

#include <endian.h>
#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include "sinks/fd.h"

namespace rebuf::daemon {
namespace {

constexpr std::size_t slot_bytes = 512;  // a sector: written whole or not at all
constexpr std::uint32_t last_start = (1U << 24) - 1;
constexpr int count_bits = 40;
constexpr std::uint64_t last_count = (1ULL << count_bits) - 1;

// As it lies in the file, host byte order: the file belongs to this machine.
struct Slot {
  std::array<char, 8> magic{'r', 'e', 'b', 'u', 'f', 'i', 'd', '1'};
  std::uint64_t generation = 0;
  std::uint64_t origin = 0;  // hash of the machine id and the file
  IdPrefix prefix{};
  std::uint64_t start = 0;
  std::uint64_t checksum = 0;  // of everything before
};
static_assert(sizeof(Slot) == 48 && sizeof(Slot) <= slot_bytes);

std::uint64_t fnv1a(const void* data, std::size_t size) {  // Fowler, Noll, Vo; 64 bits
  std::uint64_t hash = 14695981039346656037ULL;
  for (std::size_t i = 0; i < size; ++i)
    hash = (hash ^ static_cast<const unsigned char*>(data)[i]) * 1099511628211ULL;
  return hash;
}

std::uint64_t checksum(const Slot& slot) { return fnv1a(&slot, offsetof(Slot, checksum)); }

Status failed(const char* what, const std::filesystem::path& file) {
  const int error = errno;
  return {error == ENOSPC ? Code::full : Code::io, what, file.string(), error};
}

// Of the machine, and of the file on it: a copy has another inode or another time of birth, also
// when it comes back to where the original was.
Result<std::uint64_t> origin_of(int fd, const std::filesystem::path& file,
                                const std::string& machine_id) {
  struct statx info {};
  if (::statx(fd, "", AT_EMPTY_PATH, STATX_INO | STATX_BTIME, &info) != 0)
    return failed("statx", file);
  std::string origin = machine_id + " " + std::to_string(info.stx_ino);
  if ((info.stx_mask & STATX_BTIME) != 0)
    origin +=
        " " + std::to_string(info.stx_btime.tv_sec) + " " + std::to_string(info.stx_btime.tv_nsec);
  return fnv1a(origin.data(), origin.size());
}

Status make_prefix(IdPrefix& prefix) {
  if (::getrandom(prefix.data(), prefix.size(), 0) != static_cast<ssize_t>(prefix.size()))
    return {Code::io, "getrandom", {}, errno};
  return {};
}

enum class Read : std::uint8_t { whole, blank, torn };

Read read_slot(int fd, int index, Slot& slot) {
  if (::pread(fd, &slot, sizeof slot, static_cast<off_t>(slot_bytes) * index) !=
      static_cast<ssize_t>(sizeof slot))
    return Read::torn;
  if (slot.magic == decltype(slot.magic){}) return Read::blank;
  return slot.magic == Slot{}.magic && slot.checksum == checksum(slot) ? Read::whole : Read::torn;
}

}  // namespace

Result<Identity> Identity::open(const std::filesystem::path& file, const std::string& machine_id) {
  const sinks::Fd fd(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640));
  if (fd.get() < 0) return failed("open", file);
  if (const int error = ::posix_fallocate(fd.get(), 0, 2 * slot_bytes); error != 0) {
    errno = error;
    return failed("posix_fallocate", file);
  }
  Slot a;
  Slot b;
  const Read read_a = read_slot(fd.get(), 0, a);
  const Read read_b = read_slot(fd.get(), 1, b);
  const bool second =
      read_b == Read::whole && (read_a != Read::whole || b.generation > a.generation);
  const Slot* const last = second ? &b : read_a == Read::whole ? &a : nullptr;
  // A slot that cannot be read may have been the newer one: its start number is not known.
  const bool sure = read_a != Read::torn && read_b != Read::torn;

  const Result<std::uint64_t> origin = origin_of(fd.get(), file, machine_id);
  if (!origin) return origin.status();
  Slot slot;
  slot.origin = *origin;
  slot.generation = last != nullptr ? last->generation + 1 : 1;
  if (last != nullptr && sure && last->origin == slot.origin && last->start < last_start) {
    slot.prefix = last->prefix;
    slot.start = last->start + 1;
  } else {
    if (Status status = make_prefix(slot.prefix); !status.ok()) return status;
    slot.start = 1;
  }
  slot.checksum = checksum(slot);
  const off_t offset = second ? 0 : static_cast<off_t>(slot_bytes);  // never over the newest
  if (::pwrite(fd.get(), &slot, sizeof slot, offset) != static_cast<ssize_t>(sizeof slot))
    return failed("pwrite", file);
  if (::fsync(fd.get()) != 0) return failed("fsync", file);
  const sinks::Fd parent(::open(file.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (parent.get() < 0 || ::fsync(parent.get()) != 0) return failed("fsync", file.parent_path());

  return Identity(slot.prefix, static_cast<std::uint32_t>(slot.start), 0);
}

void Identity::begin(std::uint64_t ids, std::uint64_t shared, std::uint64_t longest) {
  if (given() > 0 && given() + ids > shared) leave_run();
  longest_ = longest;
}

sinks::MessageId Identity::next() {
  if (given() >= longest_) leave_run();
  // At 100,000 a second after 127 days; where runs are left after 128 ids, after 16 days; after
  // eight, which are given to few clients that wait for their answers, after one.
  if (count_ > last_count) {
    ignore(make_prefix(prefix_), "getrandom fails at the start of a system only");
    count_ = 0;
  }
  sinks::MessageId id;
  std::copy(prefix_.begin(), prefix_.end(), id.bytes.begin());
  const std::uint64_t number = htobe64(std::uint64_t{start_} << count_bits | count_++);
  std::memcpy(id.bytes.data() + prefix_.size(), &number, sizeof number);
  return id;
}

}  // namespace rebuf::daemon
