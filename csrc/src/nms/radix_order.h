#pragma once

// A stable order of many keys, eight bits at a time: linear, where comparing would not be.

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace basnet_rt {

/// A key that sorts, and what it belongs to.
struct Keyed {
  std::uint64_t key = 0;
  std::int64_t index = 0;
};

/// Rises with `value`; -0 and 0 are equal.
inline std::uint64_t rising_key(double value) {
  const double one_zero = value + 0.0;
  std::uint64_t bits = 0;
  std::memcpy(&bits, &one_zero, sizeof bits);
  constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
  return (bits & kSign) != 0 ? ~bits : bits | kSign;
}

inline std::uint64_t rising_key(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ (std::uint64_t{1} << 63);
}

inline std::uint64_t falling_key(double value) { return ~rising_key(value); }

/// Sorts by key, smallest first; equal keys keep their order.
inline void radix_sort(std::vector<Keyed>& items) {
  constexpr int kBytes = 8;
  std::array<std::array<std::size_t, 256>, kBytes> place{};
  for (const Keyed& item : items) {
    for (int byte = 0; byte < kBytes; ++byte) ++place[byte][item.key >> (8 * byte) & 255];
  }
  std::vector<Keyed> sorted(items.size());
  for (int byte = 0; byte < kBytes; ++byte) {
    auto& starts = place[byte];
    if (!items.empty() && starts[items[0].key >> (8 * byte) & 255] == items.size()) continue;
    std::size_t before = 0;
    for (std::size_t& start : starts) before += std::exchange(start, before);
    for (const Keyed& item : items) sorted[starts[item.key >> (8 * byte) & 255]++] = item;
    items.swap(sorted);
  }
}

}  // namespace basnet_rt
