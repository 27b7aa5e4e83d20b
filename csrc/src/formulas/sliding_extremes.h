#pragma once

// The smallest and largest of the last values of a stream (normalisation "horizon"), amortised
// constant per value.
//
//   values    3  1  4  1  5        a queue of values that may still become the smallest:
//   snippet   0  1  2  3  4        (3: 1) (4: 5)     front: the smallest; back: the newest
//
// A newer value hides every older one that is not better, because that leaves the window first.

#include <cstdint>

#include "formulas/host_device.h"

namespace basnet_rt::formulas {

/// A value that may still become an extreme, and its index.
struct Extreme {
  std::int64_t when = 0;
  float value = 0.0f;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(when);
    archive.field(value);
  }
};

/// Whether a newer value hides an older one. Among equal values, the later one stays.
struct HidesForLeast {
  BASNET_RT_HOST_DEVICE bool operator()(float newer, float older) const { return newer <= older; }
};
struct HidesForLargest {
  BASNET_RT_HOST_DEVICE bool operator()(float newer, float older) const { return newer >= older; }
};

/// Puts a value into a queue and drops the values that it hides.
///
/// @param queue  has `empty`, `back` (a value), `pop_back` and `push_back(when, value)`.
template <class Hides, class Queue>
BASNET_RT_HOST_DEVICE void push_extreme(Queue& queue, std::int64_t when, float value) {
  while (!queue.empty() && Hides{}(value, queue.back())) queue.pop_back();
  queue.push_back(when, value);
}

/// Drops values before index `oldest`; afterwards the front is the extreme.
///
/// @param queue  has `front_when` and `pop_front`; holds a value that is not older.
template <class Queue>
BASNET_RT_HOST_DEVICE void forget_before(Queue& queue, std::int64_t oldest) {
  while (queue.front_when() < oldest) queue.pop_front();
}

}  // namespace basnet_rt::formulas
