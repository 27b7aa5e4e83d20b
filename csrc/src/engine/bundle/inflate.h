#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// Unpacks a raw DEFLATE stream whose unpacked size is known. Small texts only (a bundle's code and
/// metadata): it is plain, not fast.
///
/// Source: RFC 1951.
///
/// @throws BadFile: no such stream, or it does not unpack to exactly `size` bytes.
std::string inflate(std::string_view packed, std::size_t size);

}  // namespace basnet_rt::bundle
