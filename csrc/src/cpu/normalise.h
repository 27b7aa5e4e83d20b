#pragma once

// Normalises rows of a whole video.

#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "formulas/normalisation.h"
#include "formulas/sliding_range.h"

namespace basnet_rt::cpu {

/// Smallest and largest activation of one class over the video.
struct Extremes {
  float min = 0.0f;
  float max = 0.0f;
};

Extremes class_extremes(const CasView& cas, std::int64_t class_index);

/// Fills `out` (T) with the normalised activations of one class under the config's rule.
void normalise_class(const CasView& cas, std::int64_t class_index, const PostprocessConfig& config,
                     double snippet_seconds, std::vector<double>& out);

}  // namespace basnet_rt::cpu
