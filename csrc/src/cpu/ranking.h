#pragma once

// The order of results, which is part of the contract: (score falling, start, end, label,
// threshold index).

#include <vector>

#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

/// A detection with what orders it but is not shown.
struct RankedDetection {
  double score = 0.0;
  Segment segment;
  std::int64_t label = 0;
  int threshold_index = 0;
};

bool comes_first(const RankedDetection& a, const RankedDetection& b);

/// Sorts and drops the rank.
Detections ranked(std::vector<RankedDetection> found);

/// Proposals found class by class, each left to right, by (threshold index, label, start).
Proposals sorted_by_threshold(const Proposals& found);

}  // namespace basnet_rt::cpu
