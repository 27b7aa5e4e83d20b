#pragma once

#include <cstdint>
#include <string_view>

namespace basnet_rt::bundle {

/// CRC-32 as zip and zlib have it; `before` continues that of the bytes before.
std::uint32_t crc32(std::string_view bytes, std::uint32_t before = 0);

}  // namespace basnet_rt::bundle
