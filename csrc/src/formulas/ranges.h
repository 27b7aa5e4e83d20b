#pragma once

// What settings say about ranges, for both backends.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "basnet_rt/config.h"
#include "formulas/formulas.h"

namespace basnet_rt {

/// Snippets in the `horizon` seconds that end with a snippet; at least 1. A horizon that is a whole
/// number of snippets but for rounding counts as whole.
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
