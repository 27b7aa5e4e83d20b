#pragma once

#include <cstdint>
#include <vector>

#include "basnet_rt/types.h"

namespace basnet_rt::cpu {

/// One ground truth of one class.
struct Truth {
  std::int64_t video = 0;
  Segment segment;
};

/// One detection of one class; `index` is its place in the input and breaks ties of the score.
struct ClassDetection {
  double score = 0.0;
  std::int64_t index = 0;
  std::int64_t video = 0;
  Segment segment;
};

/// AP of one class at each threshold; the rules are those of `evaluate`.
///
/// @param truths  in input order, at least one.
std::vector<double> average_precision(std::vector<Truth> truths,
                                      std::vector<ClassDetection> candidates,
                                      const std::vector<double>& tiou_thresholds);

}  // namespace basnet_rt::cpu
