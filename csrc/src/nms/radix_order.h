#pragma once

// Sorts many numbers by eight bits at a time, in linear time.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

namespace basnet_rt::cpu {

/// A sort key and the index of its element.
template <class Key>
struct Keyed {
  Key key = 0;
  std::uint32_t place = 0;
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

/// Sorts by key, smallest first; equal keys keep their order.
template <class Key>
void radix_sort(std::vector<Keyed<Key>>& items) {
  const auto byte_of = [](Key key, std::size_t byte) { return key >> (8 * byte) & 255; };
  std::array<std::array<std::uint32_t, 256>, sizeof(Key)> place{};
  for (const Keyed<Key>& item : items) {
    for (std::size_t byte = 0; byte < sizeof(Key); ++byte) ++place[byte][byte_of(item.key, byte)];
  }
  std::vector<Keyed<Key>> sorted(items.size());
  for (std::size_t byte = 0; byte < sizeof(Key); ++byte) {
    auto& starts = place[byte];
    if (!items.empty() && starts[byte_of(items[0].key, byte)] == items.size()) continue;
    std::uint32_t before = 0;
    for (std::uint32_t& start : starts) before += std::exchange(start, before);
    for (const Keyed<Key>& item : items) sorted[starts[byte_of(item.key, byte)]++] = item;
    items.swap(sorted);
  }
}

/// Places 0 to `size` - 1, fewer than 2^32, in the order of `before(place, place)`.
///
/// @param value  of a place; a place that comes before another has a smaller or equal value.
template <class Value, class Before>
std::vector<std::uint32_t> places_in_order(std::size_t size, const Value& value,
                                           const Before& before) {
  // The upper half of a key distinguishes nearly all.
  std::vector<Keyed<std::uint32_t>> items(size);
  for (std::size_t i = 0; i < size; ++i) {
    items[i] = {static_cast<std::uint32_t>(rising_key(value(i)) >> 32),
                static_cast<std::uint32_t>(i)};
  }
  radix_sort(items);
  std::vector<std::uint32_t> places(size);
  for (std::size_t i = 0; i < size; ++i) places[i] = items[i].place;
  for (std::size_t begin = 0, end = 0; begin < size; begin = end) {
    for (end = begin + 1; end < size && items[end].key == items[begin].key;) ++end;
    if (end - begin == 1) continue;
    const auto first = places.begin() + static_cast<std::ptrdiff_t>(begin);
    std::sort(first, first + static_cast<std::ptrdiff_t>(end - begin), before);
  }
  return places;
}

}  // namespace basnet_rt::cpu
