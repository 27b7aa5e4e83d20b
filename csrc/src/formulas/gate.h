#pragma once

// The classes that may emit: those whose video score reaches the class threshold. If there is none
// and keep_top1 is set, the first best class.

#include <cstdint>

#include "formulas/host_device.h"

namespace basnet_rt::formulas {

struct GateRule {
  double class_threshold = 0.0;
  bool keep_top1 = false;

  BASNET_RT_HOST_DEVICE bool reaches(double score) const { return score >= class_threshold; }

  /// The class that passes although no score reaches the threshold; -1: no such class.
  ///
  /// @param scores  (num_classes,) float or double.
  template <class Score>
  BASNET_RT_HOST_DEVICE std::int64_t top1(const Score* scores, std::int64_t num_classes) const {
    if (!keep_top1) return -1;
    std::int64_t best = 0;
    for (std::int64_t c = 0; c < num_classes; ++c) {
      if (reaches(static_cast<double>(scores[c]))) return -1;
      if (scores[c] > scores[best]) best = c;
    }
    return best;
  }

  template <class Score>
  BASNET_RT_HOST_DEVICE bool passes(const Score* scores, std::int64_t num_classes,
                                    std::int64_t label) const {
    return reaches(static_cast<double>(scores[label])) || top1(scores, num_classes) == label;
  }
};

}  // namespace basnet_rt::formulas
