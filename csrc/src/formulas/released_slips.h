#pragma once

// Mode published: how the released code treats scores and runs, including its bugs.

#include <cstdint>

#include "basnet_rt/types.h"
#include "formulas/formulas.h"
#include "formulas/host_device.h"
#include "formulas/sampled_cell.h"

namespace basnet_rt::released {

/// Whether a class is predicted. Scores are compared in float32. The released test for "any class"
/// checks whether any predicted *index* is non-zero, so if only class 0 is predicted, nothing is.
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

/// The released code treats a list of runs with only sample 0 as empty.
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
