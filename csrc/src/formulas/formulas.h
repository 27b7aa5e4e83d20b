#pragma once

// The short formulas, shared by both backends. Longer ones have their own files in this folder;
// docs/numerics.md lists them. Positions are in snippets: position i is the centre of snippet i,
// and i + f is a share f of the way to the next centre.

#include <cmath>
#include <cstdint>
#include <limits>

#include "formulas/host_device.h"

namespace basnet_rt::formulas {

/// At threshold 0 an activation must be positive; otherwise it must reach the threshold.
BASNET_RT_HOST_DEVICE inline bool is_active(double y, double threshold) {
  return y >= threshold && (threshold > 0.0 || y > 0.0);
}

/// Share of the way from y0 to y1 at which the line meets `threshold`, which lies between them.
BASNET_RT_HOST_DEVICE inline double crossing(double y0, double y1, double threshold) {
  return (threshold - y0) / (y1 - y0);
}

/// Whether a gap between two intervals of one threshold is bridged; both in snippets.
BASNET_RT_HOST_DEVICE inline bool is_bridged(double gap, double merge_gap) {
  return gap < merge_gap;
}

/// Seconds at position `offset` snippets after the centre of snippet `index`.
///
/// It is index times stride, not a running sum, so a stream does not drift.
BASNET_RT_HOST_DEVICE inline double to_seconds(std::int64_t index, double offset,
                                               double snippet_seconds) {
  return (static_cast<double>(index) + (0.5 + offset)) * snippet_seconds;
}

/// IoU of half-open intervals; 0 if they only touch or have no length.
BASNET_RT_HOST_DEVICE inline double interval_iou(double start_a, double end_a, double start_b,
                                                 double end_b) {
  const double inter = (end_a < end_b ? end_a : end_b) - (start_a > start_b ? start_a : start_b);
  const double share = inter / ((end_a - start_a) + (end_b - start_b) - inter);
  return inter > 0.0 ? share : 0.0;  // no branch: many at once
}

/// IoU of the released code, which adds one second to each length, as one does for pixels.
BASNET_RT_HOST_DEVICE inline double published_iou(double start_a, double end_a, double start_b,
                                                  double end_b) {
  const double inter =
      (end_a < end_b ? end_a : end_b) - (start_a > start_b ? start_a : start_b) + 1.0;
  if (!(inter > 0.0)) return 0.0;
  return inter / ((end_a - start_a + 1.0) + (end_b - start_b + 1.0) - inter);
}

/// The factor of a score in soft-NMS (Bodla et al., ICCV 2017, equations 2 and 3).
BASNET_RT_HOST_DEVICE inline double soft_weight(double iou, bool linear, double sigma) {
  return linear ? 1.0 - iou : exp(-(iou * iou) / sigma);
}

/// Outer-inner contrast, plus the term of the video score.
BASNET_RT_HOST_DEVICE inline double contrast(double inner_mean, double outer_mean,
                                             double video_term) {
  return inner_mean - outer_mean + video_term;
}

/// A score in results: float32, and finite if the float64 score is finite.
BASNET_RT_HOST_DEVICE inline float shown_score(double score) {
  constexpr double kLargest = std::numeric_limits<float>::max();
  return static_cast<float>(score > kLargest ? kLargest : score < -kLargest ? -kLargest : score);
}

}  // namespace basnet_rt::formulas
