#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace basnet_rt::json {

/// Bytes of the first code point in `text`; 0 if it is not valid (overlong forms, halves of
/// surrogate pairs and values beyond U+10FFFF are not).
///
/// Source: Unicode 15, table 3-7.
std::size_t code_point_size(std::string_view text);

/// Appends a code point, which must not be a surrogate.
void append_utf8(std::string& text, std::uint32_t code);

}  // namespace basnet_rt::json
