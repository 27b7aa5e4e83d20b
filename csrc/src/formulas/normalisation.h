#pragma once

// The range of activations that maps to [0, 1], for both backends.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "formulas/host_device.h"

namespace basnet_rt {

namespace formulas {

/// The range that maps to [0, 1]: y = (x - lo) / span.
struct Range {
  double lo = 0.0;
  double span = 1.0;
};

/// Min-max range as published: both ends clamped at 0, and span 1 if no value is above 0.
BASNET_RT_HOST_DEVICE inline Range minmax_range(float min, float max) {
  const float hi = max > 0.0f ? max : 0.0f;
  const float lo = min > 0.0f ? min : 0.0f;
  const double span = static_cast<double>(hi) - static_cast<double>(lo);
  return {lo, span > 0.0 ? span : 1.0};
}

BASNET_RT_HOST_DEVICE inline double normalise(float x, Range range) {
  return (static_cast<double>(x) - range.lo) / range.span;
}

/// The published mode divides in float32, as the released code does.
BASNET_RT_HOST_DEVICE inline float normalise_published(float x, float min, float max) {
  const float hi = max > 0.0f ? max : 0.0f;
  const float lo = min > 0.0f ? min : 0.0f;
  const float span = hi - lo;
  return (x - lo) / (span > 0.0f ? span : 1.0f);
}

}  // namespace formulas

/// Snippets in the `horizon` seconds that end with a snippet; at least 1. A horizon that is a whole
/// number of snippets up to rounding counts as whole.
inline std::int64_t horizon_snippets(double horizon, double snippet_seconds) {
  const double snippets = std::floor(horizon / snippet_seconds + 1e-9);
  // Beyond any stream's length the window never slides; keep the cast defined.
  return static_cast<std::int64_t>(std::clamp(snippets, 1.0, 4e18));
}

inline formulas::Range fixed_range(const PostprocessConfig& config, std::int64_t class_index) {
  const auto at = [class_index](const std::vector<double>& values) {
    return values[values.size() == 1 ? 0 : static_cast<std::size_t>(class_index)];
  };
  const double lo = at(config.fixed_lo);
  return {lo, at(config.fixed_hi) - lo};
}

}  // namespace basnet_rt
