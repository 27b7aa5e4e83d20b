#include "engine/bundle/zip.h"

#include <algorithm>
#include <initializer_list>
#include <utility>

#include "engine/bundle/bad_file.h"
#include "engine/bundle/inflate.h"
#include "saved/crc32.h"

// Source: PKWARE's APPNOTE 6.3, sections 4.3 and 4.5.3; numbers are little-endian.

namespace basnet_rt::bundle {
namespace {

constexpr std::uint64_t kLocalHeader = 0x04034b50;
constexpr std::uint64_t kDirectoryEntry = 0x02014b50;
constexpr std::uint64_t kDirectoryEnd = 0x06054b50;
constexpr std::uint64_t kDirectoryEnd64 = 0x06064b50;
constexpr std::uint64_t kLocator64 = 0x07064b50;
constexpr std::uint64_t kLocalSize = 30;
constexpr std::uint64_t kEntrySize = 46;
constexpr std::uint64_t kEndSize = 22;
constexpr std::uint64_t kLocatorSize = 20;
constexpr std::uint64_t kEnd64Size = 56;
constexpr std::uint64_t kWideNumbers = 1;  // extra field: 64-bit sizes and offset
constexpr std::uint64_t kElsewhere = 0xffffffff;
constexpr std::uint64_t kEncrypted = 1;
constexpr std::uint64_t kStored = 0;
constexpr std::uint64_t kDeflated = 8;
constexpr std::uint64_t kMostEntries = 10'000;

/// `size` bytes at `offset`.
std::string_view part(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
  if (offset > bytes.size() || size > bytes.size() - offset) throw BadFile("it is truncated");
  return bytes.substr(static_cast<std::size_t>(offset), static_cast<std::size_t>(size));
}

/// Little-endian number of `size` bytes at `offset`.
std::uint64_t number(std::string_view bytes, std::uint64_t offset, std::uint64_t size) {
  const std::string_view digits = part(bytes, offset, size);
  std::uint64_t value = 0;
  for (std::size_t i = digits.size(); i-- > 0;) {
    value = value << 8 | static_cast<unsigned char>(digits[i]);
  }
  return value;
}

struct Directory {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint64_t entries = 0;
};

/// The directory, found from the file's end: no comment follows, and it ends at its end record.
Directory find_directory(std::string_view bytes) {
  if (bytes.size() < kEndSize) throw BadFile("no zip archive");
  std::uint64_t end = bytes.size() - kEndSize;
  if (number(bytes, end, 4) != kDirectoryEnd || number(bytes, end + 20, 2) != 0) {
    throw BadFile("no zip archive, or its end is missing");
  }
  Directory found{number(bytes, end + 16, 4), number(bytes, end + 12, 4),
                  number(bytes, end + 10, 2)};
  if (end >= kLocatorSize && number(bytes, end - kLocatorSize, 4) == kLocator64) {
    end = number(bytes, end - kLocatorSize + 8, 8);
    if (number(bytes, end, 4) != kDirectoryEnd64) throw BadFile("its end is damaged");
    part(bytes, end, kEnd64Size);
    found = {number(bytes, end + 48, 8), number(bytes, end + 40, 8), number(bytes, end + 32, 8)};
  }
  if (found.offset > end || found.size != end - found.offset) {
    throw BadFile("its directory is not where its end says");
  }
  if (found.entries > kMostEntries) {
    throw BadFile("it has " + std::to_string(found.entries) + " entries; at most " +
                  std::to_string(kMostEntries) + " are read");
  }
  return found;
}

/// Reads the 64-bit values of a directory entry from its extra field, in this order.
void widen(std::string_view extra, std::initializer_list<std::uint64_t*> values) {
  for (std::uint64_t at = 0; at + 4 <= extra.size();) {
    const std::uint64_t size = number(extra, at + 2, 2);
    if (number(extra, at, 2) != kWideNumbers) {
      at += 4 + size;
      continue;
    }
    const std::string_view wide = part(extra, at + 4, size);
    std::uint64_t next = 0;
    for (std::uint64_t* value : values) {
      if (*value != kElsewhere) continue;
      *value = number(wide, next, 8);
      next += 8;
    }
    return;
  }
}

/// The offset of the bytes, from the local header, which must agree with the directory.
std::uint64_t data_offset(std::string_view bytes, std::uint64_t header, const ZipEntry& entry,
                          std::uint64_t method) {
  const std::uint64_t name = number(bytes, header + 26, 2), extra = number(bytes, header + 28, 2);
  if (number(bytes, header, 4) != kLocalHeader || number(bytes, header + 8, 2) != method ||
      (number(bytes, header + 6, 2) & kEncrypted) != 0 ||
      part(bytes, header + kLocalSize, name) != entry.name) {
    throw BadFile("the header of " + entry.name + " does not fit its directory");
  }
  const std::uint64_t offset = header + kLocalSize + name + extra;
  part(bytes, offset, entry.packed);
  return offset;
}

/// Bytes that belong to one entry, its header included.
using Range = std::pair<std::uint64_t, std::uint64_t>;

/// The entry at `at` of the directory; `at` then is the begin of the next one.
ZipEntry next_entry(std::string_view bytes, std::string_view list, std::uint64_t& at,
                    std::vector<Range>& taken) {
  if (number(list, at, 4) != kDirectoryEntry) throw BadFile("its directory is damaged");
  const std::uint64_t name = number(list, at + 28, 2), extra = number(list, at + 30, 2);
  const std::uint64_t method = number(list, at + 10, 2);
  ZipEntry entry;
  entry.name = part(list, at + kEntrySize, name);
  entry.crc = static_cast<std::uint32_t>(number(list, at + 16, 4));
  entry.packed = number(list, at + 20, 4);
  entry.size = number(list, at + 24, 4);
  entry.stored = method == kStored;
  std::uint64_t header = number(list, at + 42, 4);
  widen(part(list, at + kEntrySize + name, extra), {&entry.size, &entry.packed, &header});
  if ((number(list, at + 8, 2) & kEncrypted) != 0) throw BadFile(entry.name + " is encrypted");
  at += kEntrySize + name + extra + number(list, at + 32, 2);
  if (method != kStored && method != kDeflated) {
    throw BadFile(entry.name + " is packed by method " + std::to_string(method) +
                  "; only stored and deflated entries are read");
  }
  if (entry.stored && entry.packed != entry.size) {
    throw BadFile("the two sizes of " + entry.name + " are not equal");
  }
  entry.offset = data_offset(bytes, header, entry, method);
  taken.emplace_back(header, entry.offset + entry.packed);
  return entry;
}

void check_ranges(std::vector<Range> taken, std::uint64_t directory) {
  taken.emplace_back(directory, directory);
  std::sort(taken.begin(), taken.end());
  for (std::size_t i = 0; i + 1 < taken.size(); ++i) {
    if (taken[i].second > taken[i + 1].first) throw BadFile("its entries overlap");
  }
}

// Some readers, such as TorchScript's, ignore the case of names.
std::string folded(std::string name) {
  for (char& letter : name) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return name;
}

void check_names(const std::vector<ZipEntry>& entries) {
  std::vector<std::string> names;
  for (const ZipEntry& entry : entries) {
    if (entry.name.find('\0') != std::string::npos) throw BadFile("a name holds a zero byte");
    names.push_back(folded(entry.name));
  }
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) throw BadFile("it has two entries named " + *twice);
}

void check_crc(std::string_view bytes, const ZipEntry& entry) {
  if (crc32(bytes) != entry.crc) throw BadFile("the checksum of " + entry.name + " is wrong");
}

}  // namespace

Zip::Zip(std::string_view bytes) : bytes_(bytes) {
  const Directory directory = find_directory(bytes);
  const std::string_view list = part(bytes, directory.offset, directory.size);
  std::vector<Range> taken;
  std::uint64_t at = 0;
  for (std::uint64_t i = 0; i < directory.entries; ++i) {
    entries_.push_back(next_entry(bytes, list, at, taken));
  }
  if (at != list.size()) throw BadFile("its directory is longer than its entries");
  check_ranges(std::move(taken), directory.offset);
  check_names(entries_);
}

const ZipEntry* Zip::find(std::string_view name) const {
  for (const ZipEntry& entry : entries_) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

std::string_view Zip::stored(const ZipEntry& entry) const {
  if (!entry.stored) {
    throw BadFile(entry.name +
                  " is compressed; tensors must be stored, as TorchScript stores them");
  }
  const std::string_view bytes = part(bytes_, entry.offset, entry.size);
  check_crc(bytes, entry);
  return bytes;
}

std::string Zip::unpacked(const ZipEntry& entry, std::uint64_t limit) const {
  if (entry.size > limit) {
    throw BadFile(entry.name + " has " + std::to_string(entry.size) + " bytes; at most " +
                  std::to_string(limit) + " are read");
  }
  const std::string_view packed = part(bytes_, entry.offset, entry.packed);
  std::string bytes =
      entry.stored ? std::string(packed) : inflate(packed, static_cast<std::size_t>(entry.size));
  check_crc(bytes, entry);
  return bytes;
}

}  // namespace basnet_rt::bundle
