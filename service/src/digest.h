#pragma once

#include <string>

namespace service {

/// SHA-256 of the bytes, 32 bytes.
/// @throws std::runtime_error: the library refuses.
std::string sha256(const std::string& bytes);

/// Two hexadecimal digits for each byte.
std::string hex(const std::string& bytes);

}  // namespace service
