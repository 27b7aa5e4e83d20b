#pragma once

// Mode published (DESIGN section 5.1): how the released code treats scores and runs, including its
// slips.

#include <cstdint>

#include "basnet_rt/types.h"
#include "formulas/formulas.h"
#include "formulas/host_device.h"
#include "formulas/sampled_cell.h"

namespace basnet_rt::released {

/// Whether a class is predicted. Scores are compared in float32. The test for "any class" asks
/// whether any predicted *index* is non-zero, so class 0 alone emits nothing.
BASNET_RT_HOST_DEVICE inline bool is_predicted(const float* video_scores, std::int64_t num_classes,
                                               std::int64_t label, double class_threshold) {
  const auto threshold = static_cast<float>(class_threshold);
  if (!(video_scores[label] >= threshold)) return false;
  if (label > 0) return true;
  for (std::int64_t c = 1; c < num_classes; ++c) {
    if (video_scores[c] >= threshold) return true;
  }
  return false;
}

/// A list of runs that holds sample 0 alone looks empty to the released code.
///
/// @param last_end  one past the last sample of the last run.
BASNET_RT_HOST_DEVICE inline bool looks_empty(std::int64_t num_runs, std::int64_t last_end) {
  return num_runs == 0 || (num_runs == 1 && last_end == 1);
}

/// Outer-inner contrast of a run. A predicted class scores 1 and the released product is float32,
/// so the term of the video score is the weight itself, rounded.
BASNET_RT_HOST_DEVICE inline double run_score(const Run& run, double outer_mean,
                                              double score_weight) {
  const double inner_mean = run.sum / static_cast<double>(run.last - run.first + 1);
  return formulas::contrast(inner_mean, outer_mean, static_cast<float>(score_weight));
}

/// A run in seconds; snippet i begins at i * snippet_seconds in this mode.
BASNET_RT_HOST_DEVICE inline Segment run_segment(const Run& run, double snippet_seconds,
                                                 std::int64_t upsample) {
  const double sample_seconds = snippet_seconds / static_cast<double>(upsample);
  return {static_cast<double>(run.first) * sample_seconds,
          static_cast<double>(run.last + 1) * sample_seconds};
}

}  // namespace basnet_rt::released
