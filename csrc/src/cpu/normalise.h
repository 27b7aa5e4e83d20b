#pragma once

// Where the range that maps to [0, 1] comes from, and the normalised rows themselves.

#include <cstdint>
#include <deque>
#include <utility>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "formulas.h"

namespace basnet_rt::cpu {

/// Smallest and largest activation of each class over the video.
struct ClassExtremes {
  std::vector<float> min;
  std::vector<float> max;
};

ClassExtremes class_extremes(const CasView& cas);

/// Snippets in the `horizon` seconds that end with a snippet; at least 1. A horizon that is a whole
/// number of snippets but for rounding counts as whole.
std::int64_t horizon_snippets(double horizon, double snippet_seconds);

formulas::Range fixed_range(const PostprocessConfig& config, std::int64_t class_index);

/// Min-max over the last `length` values, amortised constant per value.
class SlidingRange {
 public:
  explicit SlidingRange(std::int64_t length) : length_(length) {}

  formulas::Range push(float value);

 private:
  using Entry = std::pair<std::int64_t, float>;  // when it came, what it was
  friend class StreamState;

  std::int64_t length_;
  std::int64_t count_ = 0;
  std::deque<Entry> rising_;   // candidates for the minimum
  std::deque<Entry> falling_;  // candidates for the maximum
};

/// Fills `out` (T) with the normalised activations of one class under the config's rule.
void normalise_class(const CasView& cas, std::int64_t class_index, const PostprocessConfig& config,
                     const ClassExtremes& extremes, double snippet_seconds,
                     std::vector<double>& out);

}  // namespace basnet_rt::cpu
