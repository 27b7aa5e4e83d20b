#pragma once

// A zip archive of stored entries, for tests of what reads it; below 4 GiB in all.
// Source: PKWARE's APPNOTE 6.3, section 4.3.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace basnet_rt::testing {

/// Bit by bit, from the definition.
inline std::uint32_t slow_crc32(const std::string& bytes) {
  std::uint32_t value = 0xffffffffu;
  for (const char byte : bytes) {
    value ^= static_cast<unsigned char>(byte);
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1u ? 0xedb88320u : 0u);
  }
  return ~value;
}

inline void append_number(std::string& bytes, std::uint64_t value, int size) {
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
}

/// What an entry's local header and its place in the directory both say.
inline std::string common_header(const std::string& name, const std::string& content) {
  std::string bytes;
  append_number(bytes, 20, 2);    // version
  append_number(bytes, 0, 6);     // no flags, stored, midnight
  append_number(bytes, 0x21, 2);  // the first of January 1980
  append_number(bytes, slow_crc32(content), 4);
  append_number(bytes, content.size(), 4);
  append_number(bytes, content.size(), 4);
  append_number(bytes, name.size(), 2);
  append_number(bytes, 0, 2);  // no extra field
  return bytes;
}

inline std::string zip_of(const std::vector<std::pair<std::string, std::string>>& files) {
  std::string bytes, directory;
  for (const auto& [name, content] : files) {
    const std::string common = common_header(name, content);
    append_number(directory, 0x02014b50, 4);
    append_number(directory, 20, 2);
    directory += common;
    directory.append(10, '\0');  // no comment, one disk, no attributes
    append_number(directory, bytes.size(), 4);
    directory += name;
    append_number(bytes, 0x04034b50, 4);
    bytes += common + name + content;
  }
  const std::size_t offset = bytes.size();
  bytes += directory;
  append_number(bytes, 0x06054b50, 4);
  append_number(bytes, 0, 4);  // one disk
  append_number(bytes, files.size(), 2);
  append_number(bytes, files.size(), 2);
  append_number(bytes, directory.size(), 4);
  append_number(bytes, offset, 4);
  append_number(bytes, 0, 2);  // no comment
  return bytes;
}

}  // namespace basnet_rt::testing
