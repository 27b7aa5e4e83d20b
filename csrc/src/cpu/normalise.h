#pragma once

// Where the range that maps to [0, 1] comes from, and the normalised rows themselves.

#include <cstdint>
#include <deque>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "formulas/formulas.h"

namespace basnet_rt::cpu {

/// Smallest and largest activation of one class over the video.
struct Extremes {
  float min = 0.0f;
  float max = 0.0f;
};

Extremes class_extremes(const CasView& cas, std::int64_t class_index);

/// Min-max over the last `length` values, amortised constant per value.
class SlidingRange {
 public:
  explicit SlidingRange(std::int64_t length) : length_(length) {}

  formulas::Range push(float value);

  /// Whether what was read back can be a window.
  bool consistent() const;

  template <class Archive>
  void visit(Archive& archive) {
    archive.field(count_);
    archive.sequence(rising_);
    archive.sequence(falling_);
  }

 private:
  struct Entry {
    std::int64_t when = 0;
    float value = 0.0f;

    template <class Archive>
    void visit(Archive& archive) {
      archive.field(when);
      archive.field(value);
    }
  };

  std::int64_t length_;
  std::int64_t count_ = 0;
  std::deque<Entry> rising_;   // candidates for the minimum
  std::deque<Entry> falling_;  // candidates for the maximum
};

/// Fills `out` (T) with the normalised activations of one class under the config's rule.
void normalise_class(const CasView& cas, std::int64_t class_index, const PostprocessConfig& config,
                     double snippet_seconds, std::vector<double>& out);

}  // namespace basnet_rt::cpu
