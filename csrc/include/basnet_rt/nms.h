#pragma once

#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// `size` intervals with a score and a label each; not owned.
struct ScoredSegments {
  const Segment* segments = nullptr;     ///< seconds, end >= start, finite
  const double* scores = nullptr;        ///< finite
  const std::int64_t* labels = nullptr;  ///< any integers; null: one label for all
  std::int64_t size = 0;
};

/// Keeps the best intervals of each label and drops those that repeat them.
///
/// Intervals are visited by (score falling, start, end, input order). One is dropped if its IoU
/// with a kept one of its label reaches `iou`. Intervals are half-open: two that only touch do not
/// overlap, and one of zero length overlaps nothing.
///
/// @param iou  in (0, 1].
/// @return indices into the input, best first over all labels.
/// @throws Error (kInvalidArgument) on NaN, an end before its start, or `iou` out of range.
BASNET_RT_API std::vector<std::int64_t> nms(const ScoredSegments& input, double iou);

struct SoftNmsResult {
  std::vector<std::int64_t> indices;  ///< into the input, in the order in which they were kept
  std::vector<double> scores;         ///< decayed score of each, never rising
};

/// Decays the scores of intervals that overlap better ones of their label instead of dropping them.
///
/// Linear: score *= 1 - IoU where IoU >= `iou`; Gaussian: score *= exp(-IoU^2 / sigma). Only
/// positive scores decay. Intervals whose score falls below `min_score` are dropped.
///
/// @param kind  kLinear or kGaussian.
/// @throws Error (kInvalidArgument) as `nms`, or on sigma <= 0 or a NaN `min_score`.
/// Source: Bodla et al., "Soft-NMS", ICCV 2017, equations 2 and 3, on one-dimensional intervals.
BASNET_RT_API SoftNmsResult soft_nms(const ScoredSegments& input, NmsKind kind, double iou,
                                     double sigma, double min_score);

}  // namespace basnet_rt
