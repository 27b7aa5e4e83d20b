#pragma once

// Hard NMS of intervals that need not be nested: any IoU, any order.

#include <cstddef>
#include <vector>

#include "basnet_rt/types.h"
#include "nms/kept_intervals.h"

namespace basnet_rt::cpu {

/// Positions, rising, of the intervals that repeat no earlier kept one.
///
/// @param ordered  as they are visited, best first.
/// @param pad  seconds that `iou` adds to the length of every interval.
/// @param iou  of two segments.
template <class Iou>
std::vector<std::size_t> greedy_nms(const std::vector<Segment>& ordered, double threshold,
                                    double pad, const Iou& iou) {
  KeptIntervals kept(threshold, pad, ordered);
  std::vector<std::size_t> positions;
  for (std::size_t i = 0; i < ordered.size(); ++i) {
    const Segment segment = ordered[i];
    const auto repeats = [&](Segment other) { return iou(other, segment) >= threshold; };
    if (kept.any_near(segment, repeats)) continue;
    kept.add(segment);
    positions.push_back(i);
  }
  return positions;
}

}  // namespace basnet_rt::cpu
