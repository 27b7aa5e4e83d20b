#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// Unpacks a raw DEFLATE stream of known unpacked size. It is simple, not fast: it is for small
/// texts (a bundle's code and metadata).
///
/// Source: RFC 1951.
///
/// @throws BadFile: the stream is not valid, or does not unpack to exactly `size` bytes.
std::string inflate(std::string_view packed, std::size_t size);

}  // namespace basnet_rt::bundle
