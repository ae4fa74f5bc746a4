#include "wal/cursor_store.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <iterator>
#include <string_view>

#include "wal/format.h"
#include "wal/io.h"

namespace rebuf {

namespace {

constexpr std::string_view magic = "rebufcur";
constexpr std::uint32_t version = 1;
constexpr std::uint32_t has_cursor = 1;
constexpr std::uint32_t has_before = 2;
constexpr std::size_t fixed_bytes = 8 + 4 + 4 + 5 * 8 + 4 + 4;
constexpr std::size_t crc_bytes = 4;
constexpr std::size_t most_bytes = fixed_bytes + CursorRecord::most_user_bytes + crc_bytes;

template <class Integer>
void put(std::vector<std::byte>& to, Integer value) {
  for (std::size_t i = sizeof value; i-- > 0;) {
    to.push_back(static_cast<std::byte>(value >> (8 * i)));
  }
}

template <class Integer>
Integer take(Bytes& from) {
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof value; ++i) {
    value = static_cast<Integer>((value << 8) | std::to_integer<Integer>(from[i]));
  }
  from = from.subspan(sizeof value);
  return value;
}

bool same(Bytes bytes, std::string_view text) {
  return std::ranges::equal(bytes, std::as_bytes(std::span(text)));
}

}  // namespace

std::vector<std::byte> encode_cursor(const CursorRecord& record) {
  const Cursor cursor = record.cursor.value_or(Cursor{});
  const auto before = record.before.value_or(CursorRecord::Before{});
  std::vector<std::byte> bytes;
  bytes.reserve(fixed_bytes + cursor.user.size() + crc_bytes);
  std::ranges::copy(std::as_bytes(std::span(magic)), std::back_inserter(bytes));
  put(bytes, version);
  put(bytes, (record.cursor ? has_cursor : 0) | (record.before ? has_before : 0));
  put(bytes, cursor.position.segment);
  put(bytes, cursor.position.offset);
  put(bytes, cursor.ordinal);
  put(bytes, record.next_segment);
  put(bytes, before.offset);
  put(bytes, before.crc);
  put(bytes, static_cast<std::uint32_t>(cursor.user.size()));
  std::ranges::copy(cursor.user, std::back_inserter(bytes));
  put(bytes, crc32(bytes));
  return bytes;
}

std::optional<CursorRecord> decode_cursor(Bytes bytes) {
  if (bytes.size() < fixed_bytes + crc_bytes || bytes.size() > most_bytes) return std::nullopt;
  Bytes tail = bytes.last(crc_bytes);
  if (take<std::uint32_t>(tail) != crc32(bytes.first(bytes.size() - crc_bytes))) {
    return std::nullopt;
  }
  if (!same(bytes.first(magic.size()), magic)) return std::nullopt;
  Bytes rest = bytes.subspan(magic.size());
  if (take<std::uint32_t>(rest) != version) return std::nullopt;
  const auto flags = take<std::uint32_t>(rest);
  Cursor cursor;
  cursor.position.segment = take<std::uint64_t>(rest);
  cursor.position.offset = take<std::uint64_t>(rest);
  cursor.ordinal = take<std::uint64_t>(rest);
  CursorRecord record;
  record.next_segment = take<std::uint64_t>(rest);
  CursorRecord::Before before;
  before.offset = take<std::uint64_t>(rest);
  before.crc = take<std::uint32_t>(rest);
  const auto user_bytes = take<std::uint32_t>(rest);
  if (user_bytes != rest.size() - crc_bytes) return std::nullopt;
  const Bytes user = rest.first(user_bytes);
  cursor.user.assign(user.begin(), user.end());
  if ((flags & has_cursor) != 0) record.cursor = std::move(cursor);
  if ((flags & has_before) != 0) record.before = before;
  return record;
}

CursorStore::CursorStore(FileSystem& fs, const std::filesystem::path& state_dir)
    : fs_(fs), dir_(state_dir), path_(state_dir / "cursor"), temporary_(state_dir / "cursor.tmp") {}

Result<CursorStore::Loaded> CursorStore::load() {
  const auto opened = open_file(fs_, path_, O_RDONLY);
  if (opened.error == -ENOENT) return Loaded{};
  if (opened.error != 0) return io_error("open", path_, opened.error);
  std::array<std::byte, most_bytes + 1> bytes{};
  const std::int64_t n = read_at(*opened.file, bytes, 0);
  if (n < 0) return io_error("read", path_, n);
  const auto record = decode_cursor(std::span(bytes).first(static_cast<std::size_t>(n)));
  if (!record) return Loaded{{}, true};
  return Loaded{*record, false};
}

Status CursorStore::save(const CursorRecord& record) {
  const std::vector<std::byte> bytes = encode_cursor(record);
  if (Status status = write_temporary(bytes); !status) {
    // Its pages may be marked clean and not be on disk: the next one begins with a new file.
    fs_.unlink(temporary_);
    return status;
  }
  int error = fs_.rename(temporary_, path_);
  while (error == -EINTR) error = fs_.rename(temporary_, path_);
  if (error != 0) return io_error("rename to", path_, error);
  if (Status status = sync_directory(fs_, dir_); !status) return status;
  allocate_temporary();
  return {};
}

Status CursorStore::write_temporary(Bytes bytes) {
  const auto opened = open_file(fs_, temporary_, O_RDWR | O_CREAT);
  if (opened.error != 0) return io_error("create", temporary_, opened.error);
  File& file = *opened.file;
  if (const auto written = write_at(file, bytes, 0); written.error != 0) {
    return io_error("write", temporary_, written.error);
  }
  if (const int error = ftruncate(file, bytes.size()); error != 0) {
    return io_error("ftruncate", temporary_, error);
  }
  const int error = fsync(file);
  return error == 0 ? Status{} : io_error("fsync", temporary_, error);
}

void CursorStore::allocate_temporary() {
  const auto opened = open_file(fs_, temporary_, O_RDWR | O_CREAT);
  if (opened.error == 0)
    ignore(opened.file->fallocate(0, most_bytes), "saving says so when there is no space");
}

}  // namespace rebuf
