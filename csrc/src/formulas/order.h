#pragma once

// The order of results, which is part of the contract.

#include <cstdint>

#include "basnet_rt/types.h"
#include "formulas/host_device.h"

namespace basnet_rt::formulas {

/// The key of a detection's order. Within one class, `label` may stay 0; `level` is the index of
/// the threshold, or a number that rises with it.
struct Rank {
  double score = 0.0;
  Segment segment;
  std::int64_t label = 0;
  std::int64_t level = 0;
};

/// (score falling, start, end, label, level): the strict total order of results, and of NMS.
/// Segments are references, so they are read only if the scores are equal.
BASNET_RT_HOST_DEVICE inline bool precedes(double score_a, const Segment& a, std::int64_t label_a,
                                           std::int64_t level_a, double score_b, const Segment& b,
                                           std::int64_t label_b, std::int64_t level_b) {
  if (score_a != score_b) return score_a > score_b;
  if (a.start != b.start) return a.start < b.start;
  if (a.end != b.end) return a.end < b.end;
  if (label_a != label_b) return label_a < label_b;
  return level_a < level_b;
}

BASNET_RT_HOST_DEVICE inline bool comes_first(const Rank& a, const Rank& b) {
  return precedes(a.score, a.segment, a.label, a.level, b.score, b.segment, b.label, b.level);
}

}  // namespace basnet_rt::formulas
