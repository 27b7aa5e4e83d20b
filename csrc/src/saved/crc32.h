#pragma once

// CRC-32 as in zip and zlib, for weights and for states of version 0.1.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace basnet_rt {

using CrcTable = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight bytes at once: entry [k][b] is the CRC of byte b with k zeros behind it.
inline CrcTable crc_table() {
  CrcTable table{};
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    std::uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1u ? 0xedb88320u : 0u);
    table[0][byte] = value;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t byte = 0; byte < 256; ++byte) {
      const std::uint32_t before = table[k - 1][byte];
      table[k][byte] = before >> 8 ^ table[0][before & 0xff];
    }
  }
  return table;
}

/// `before` is the CRC of the preceding bytes.
inline std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0) {
  static const CrcTable table = crc_table();
  std::uint32_t value = ~before;
  for (; bytes.size() >= 8; bytes.remove_prefix(8)) {
    std::uint32_t low = 0, high = 0;
    std::memcpy(&low, bytes.data(), 4);
    std::memcpy(&high, bytes.data() + 4, 4);
    low ^= value;
    value = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
            table[4][low >> 24] ^ table[3][high & 0xff] ^ table[2][high >> 8 & 0xff] ^
            table[1][high >> 16 & 0xff] ^ table[0][high >> 24];
  }
  for (const char byte : bytes) {
    value = value >> 8 ^ table[0][(value ^ static_cast<unsigned char>(byte)) & 0xff];
  }
  return ~value;
}

}  // namespace basnet_rt
