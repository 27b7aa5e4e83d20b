#include "torch/bundle/zip_file.h"

#include <algorithm>
#include <initializer_list>

#include "saved/crc32.h"

// Source: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3; numbers are little-endian.

namespace basnet_rt::zip {
namespace {

constexpr std::uint32_t kLocalHeader = 0x04034b50;
constexpr std::uint32_t kDirectoryEntry = 0x02014b50;
constexpr std::uint32_t kDirectoryEnd = 0x06054b50;
constexpr std::uint32_t kDirectoryEnd64 = 0x06064b50;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kEntrySize = 46;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint64_t kLongestComment = 65535;
constexpr std::uint16_t kWideNumbers = 1;  // extra field: 64-bit sizes and offset
constexpr std::uint64_t kElsewhere = 0xffffffff;
constexpr std::uint64_t kPiece = 1 << 20;

// Little-endian number of `size` bytes at `offset`.
std::uint64_t number(std::string_view bytes, std::size_t offset, std::size_t size) {
  if (offset + size > bytes.size()) throw BadZip("its directory is cut off");
  std::uint64_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(bytes[offset + i]);
  }
  return value;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

/// Where the directory is, from the end of the file.
///
/// @param tail  the last bytes of the file; `wide_end` reads the 64-bit end at an offset.
template <class Read>
Directory find_directory(std::string_view tail, const Read& wide_end) {
  const std::size_t end = tail.rfind("PK\5\6", tail.size() - kEndSize);
  if (end == std::string_view::npos) throw BadZip("no zip archive, or its end is missing");
  if (end >= kLocatorSize && tail.substr(end - kLocatorSize, 4) == "PK\6\7") {
    const std::string wide = wide_end(number(tail, end - kLocatorSize + 8, 8));
    if (number(wide, 0, 4) != kDirectoryEnd64) throw BadZip("its end is damaged");
    return {number(wide, 48, 8), number(wide, 40, 8), number(wide, 32, 8)};
  }
  return {number(tail, end + 16, 4), number(tail, end + 12, 4), number(tail, end + 10, 2)};
}

// 64-bit values of a directory entry stand in its extra field, in this order.
void widen(std::string_view extra, std::initializer_list<std::uint64_t*> values) {
  for (std::size_t at = 0; at + 4 <= extra.size();) {
    const auto size = static_cast<std::size_t>(number(extra, at + 2, 2));
    if (number(extra, at, 2) != kWideNumbers) {
      at += 4 + size;
      continue;
    }
    at += 4;
    for (std::uint64_t* value : values) {
      if (*value != kElsewhere) continue;
      *value = number(extra, at, 8);
      at += 8;
    }
    return;
  }
}

/// The entry at `at` of the directory, which then stands behind it.
Entry next_entry(std::string_view list, std::size_t& at) {
  if (number(list, at, 4) != kDirectoryEntry) throw BadZip("its directory is damaged");
  const auto name = static_cast<std::size_t>(number(list, at + 28, 2));
  const auto extra = static_cast<std::size_t>(number(list, at + 30, 2));
  const auto comment = static_cast<std::size_t>(number(list, at + 32, 2));
  if (at + kEntrySize + name + extra > list.size()) throw BadZip("its directory is cut off");
  Entry entry;
  entry.stored = number(list, at + 10, 2) == 0 && (number(list, at + 8, 2) & 1) == 0;
  entry.crc = static_cast<std::uint32_t>(number(list, at + 16, 4));
  entry.size = number(list, at + 24, 4);
  entry.header = number(list, at + 42, 4);
  entry.name = list.substr(at + kEntrySize, name);
  std::uint64_t compressed = number(list, at + 20, 4);
  widen(list.substr(at + kEntrySize + name, extra), {&entry.size, &compressed, &entry.header});
  at += kEntrySize + name + extra + comment;
  return entry;
}

}  // namespace

Reader::Reader(std::istream& input) : input_(input) {
  input_.seekg(0, std::ios::end);
  const auto size = static_cast<std::streamoff>(input_.tellg());
  if (!input_ || size < static_cast<std::streamoff>(kEndSize)) throw BadZip("no zip archive");
  size_ = static_cast<std::uint64_t>(size);
  const std::uint64_t tail = std::min(size_, kEndSize + kLongestComment);
  const Directory directory =
      find_directory(bytes_at(size_ - tail, tail),
                     [&](std::uint64_t offset) { return bytes_at(offset, kEnd64Size); });
  const std::string list = bytes_at(directory.offset, directory.size);
  std::size_t at = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) entries_.push_back(next_entry(list, at));
}

std::string Reader::bytes_at(std::uint64_t offset, std::uint64_t size) {
  if (offset > size_ || size > size_ - offset) throw BadZip("it is truncated");
  std::string bytes(static_cast<std::size_t>(size), '\0');
  input_.clear();
  input_.seekg(static_cast<std::streamoff>(offset));
  input_.read(bytes.data(), static_cast<std::streamsize>(size));
  if (!input_) throw BadZip("it cannot be read");
  return bytes;
}

template <class Take>
void Reader::pass(const Entry& entry, const Take& take) {
  if (!entry.stored) throw BadZip(entry.name + " is compressed or encrypted");
  const std::string header = bytes_at(entry.header, kLocalSize);
  if (number(header, 0, 4) != kLocalHeader)
    throw BadZip("the header of " + entry.name + " is wrong");
  std::uint64_t at = entry.header + kLocalSize + number(header, 26, 2) + number(header, 28, 2);
  std::uint32_t crc = 0;
  for (std::uint64_t left = entry.size; left > 0;) {
    const std::string piece = bytes_at(at, std::min(left, kPiece));
    crc = crc32(piece, crc);
    take(piece);
    at += piece.size();
    left -= piece.size();
  }
  if (crc != entry.crc) throw BadZip("the checksum of " + entry.name + " is wrong");
}

std::string Reader::read(const Entry& entry) {
  std::string bytes;
  pass(entry, [&](const std::string& piece) { bytes += piece; });
  return bytes;
}

void Reader::check(const Entry& entry) {
  pass(entry, [](const std::string&) {});
}

}  // namespace basnet_rt::zip
