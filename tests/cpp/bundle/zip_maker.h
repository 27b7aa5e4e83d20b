#pragma once

// Archives for the tests, stored; it shares nothing with the reader.

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "saved/crc32.h"  // itself checked against the published value

namespace basnet_rt::testing {

inline std::string little(std::uint64_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes.push_back(static_cast<char>(value >> (8 * i) & 0xff));
  return bytes;
}

using Files = std::vector<std::pair<std::string, std::string>>;

/// @param wide  sizes and offsets in the 64-bit fields.
inline std::string zip_of(const Files& files, bool wide = false) {
  std::string bytes, directory;
  for (const auto& [name, content] : files) {
    const std::string crc = little(crc32(content), 4);
    const std::string sizes = little(content.size(), 4) + little(content.size(), 4);
    const std::string head = little(20, 2) + std::string(6, '\0') + little(0x21, 2) + crc;
    const std::string extra = wide ? little(1, 2) + little(24, 2) + little(content.size(), 8) +
                                         little(content.size(), 8) + little(bytes.size(), 8)
                                   : "";
    directory += little(0x02014b50, 4) + little(20, 2) + head +
                 (wide ? std::string(8, '\xff') : sizes) + little(name.size(), 2) +
                 little(extra.size(), 2) + std::string(10, '\0') +
                 (wide ? std::string(4, '\xff') : little(bytes.size(), 4)) + name + extra;
    bytes += little(0x04034b50, 4) + head + sizes + little(name.size(), 2) + little(0, 2) + name +
             content;
  }
  const std::uint64_t offset = bytes.size(), size = directory.size();
  bytes += directory;
  if (wide) {
    const std::uint64_t end = bytes.size();
    bytes += little(0x06064b50, 4) + little(44, 8) + little(45, 2) + little(45, 2) +
             std::string(8, '\0') + little(files.size(), 8) + little(files.size(), 8) +
             little(size, 8) + little(offset, 8);
    bytes += little(0x07064b50, 4) + std::string(4, '\0') + little(end, 8) + little(1, 4);
  }
  return bytes + little(0x06054b50, 4) + std::string(4, '\0') + little(files.size(), 2) +
         little(files.size(), 2) +
         (wide ? std::string(8, '\xff') : little(size, 4) + little(offset, 4)) +
         std::string(2, '\0');
}

}  // namespace basnet_rt::testing
