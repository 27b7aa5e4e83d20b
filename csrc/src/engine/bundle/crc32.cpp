#include "engine/bundle/crc32.h"

#include <array>

namespace basnet_rt::bundle {
namespace {

using Table = std::array<std::array<std::uint32_t, 256>, 8>;

// Eight bytes at once: entry [k][b] is the CRC of byte b with k zeros behind it.
Table crc_table() {
  Table table{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0u);
    table[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t crc = table[k - 1][b];
      table[k][b] = crc >> 8 ^ table[0][crc & 0xff];
    }
  }
  return table;
}

}  // namespace

std::uint32_t crc32(std::string_view bytes, std::uint32_t before) {
  static const Table table = crc_table();
  std::uint32_t crc = ~before;
  const auto* at = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 8; left -= 8, at += 8) {
    const std::uint32_t low = crc ^ (at[0] | at[1] << 8 | at[2] << 16 | std::uint32_t{at[3]} << 24);
    crc = table[7][low & 0xff] ^ table[6][low >> 8 & 0xff] ^ table[5][low >> 16 & 0xff] ^
          table[4][low >> 24] ^ table[3][at[4]] ^ table[2][at[5]] ^ table[1][at[6]] ^
          table[0][at[7]];
  }
  for (; left > 0; --left, ++at) crc = crc >> 8 ^ table[0][(crc ^ *at) & 0xff];
  return ~crc;
}

}  // namespace basnet_rt::bundle
