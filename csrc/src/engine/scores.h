#pragma once

// From the CAS to activations and video scores, in plain float32 in a fixed order.

#include <cstdint>
#include <vector>

#include "engine/weights.h"

namespace basnet_rt::engine {

/// e^x in float32, within 2 units in the last place, the same on every machine.
float exp_float32(float x);

/// 1 / (1 + e^-x).
float sigmoid(float x);

/// Activations (C) of one snippet. @param cas  (C+1), background last.
void activate(const NetworkOptions& options, const float* cas, float foreground,
              float* activations);

/// Video scores (C) of a raw CAS (T, C+1), T >= 1: the core's `video_scores`; NaN if a sum of the
/// network was too large for float32.
std::vector<float> video_scores(const NetworkOptions& options, const float* cas,
                                std::int64_t num_snippets);

}  // namespace basnet_rt::engine
