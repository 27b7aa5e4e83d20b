#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace basnet_rt::json {

/// Bytes of the code point that begins `text`; 0 where none does (overlong forms, halves of
/// surrogate pairs and what lies beyond U+10FFFF are none).
///
/// Source: Unicode 15, table 3-7.
std::size_t code_point_size(std::string_view text);

/// Appends a code point that is no surrogate.
void append_utf8(std::string& text, std::uint32_t code);

}  // namespace basnet_rt::json
