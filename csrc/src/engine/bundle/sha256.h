#pragma once

#include <string>
#include <string_view>

namespace basnet_rt::bundle {

/// SHA-256 as 64 lowercase hexadecimal digits. Source: FIPS 180-4.
std::string sha256(std::string_view bytes);

}  // namespace basnet_rt::bundle
