#pragma once

// Conversions of single values, the same everywhere.

#include <cstdint>
#include <cstring>

namespace basnet_rt::engine {

inline float from_bfloat16(std::uint16_t bits) {
  const std::uint32_t wide = std::uint32_t{bits} << 16;
  float value;
  std::memcpy(&value, &wide, sizeof value);
  return value;
}

/// Rounds to the nearest bfloat16, ties to even; NaN and infinity do not change.
inline std::uint16_t to_bfloat16(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  const std::uint32_t rounded = bits + 0x7fffu + (bits >> 16 & 1u);
  const bool nan = (bits & 0x7fffffffu) > 0x7f800000u;
  return static_cast<std::uint16_t>((nan ? bits | 0x400000u : rounded) >> 16);
}

inline float rounded_to_bfloat16(float value) { return from_bfloat16(to_bfloat16(value)); }

/// Rounds to the nearest integer, ties to even; |value| < 2^22. Adding 1.5 * 2^23 leaves no bits
/// for a fraction, and every compiler can vectorise it.
inline float rounded(float value) { return (value + 12582912.0f) - 12582912.0f; }

}  // namespace basnet_rt::engine
