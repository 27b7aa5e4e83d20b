#pragma once

// The order of results, which is part of the contract (DESIGN section 5.2).

#include <cstdint>

#include "basnet_rt/types.h"
#include "formulas/host_device.h"

namespace basnet_rt::formulas {

/// What a detection is ordered by. Those of one class leave `label` at 0; `level` is the index of
/// the threshold, or whatever rises with it.
struct Rank {
  double score = 0.0;
  Segment segment;
  std::int64_t label = 0;
  std::int64_t level = 0;
};

/// (score falling, start, end, label, level): the strict total order of results, and of NMS.
BASNET_RT_HOST_DEVICE inline bool comes_first(const Rank& a, const Rank& b) {
  if (a.score != b.score) return a.score > b.score;
  if (a.segment.start != b.segment.start) return a.segment.start < b.segment.start;
  if (a.segment.end != b.segment.end) return a.segment.end < b.segment.end;
  if (a.label != b.label) return a.label < b.label;
  return a.level < b.level;
}

}  // namespace basnet_rt::formulas
