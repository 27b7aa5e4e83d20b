#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// `size` intervals, each of one video and one class; nothing is owned.
struct LabelledSegments {
  const std::int64_t* videos = nullptr;  ///< any integers
  const std::int64_t* labels = nullptr;  ///< in [0, num_labels)
  const Segment* segments = nullptr;     ///< seconds, finite, end >= start
  std::int64_t size = 0;
};

struct EvaluationInput {
  LabelledSegments truths;
  LabelledSegments detections;
  const double* scores = nullptr;  ///< scores of the detections, finite
  std::int64_t num_labels = 0;
  std::vector<std::string> video_names;  ///< by video id, for messages; may be empty
};

struct Evaluation {
  std::vector<double> ap;        ///< (num_labels, K) row-major; NaN for a label without truths
  std::vector<double> mean_ap;   ///< (K), over the labels with truths
  double average_mean_ap = 0.0;  ///< over the K thresholds
};

/// Mean average precision as in the ActivityNet challenge, at each of K tIoU thresholds.
///
/// Per class, detections are visited by falling score; equal scores keep their input order. A
/// detection is matched to the ground truth of its video and class with the highest tIoU that is
/// not matched yet and reaches the threshold; of equal ones the later in input order, as in the
/// released evaluator. A detection without a match is a false positive. AP is the area under the
/// precision envelope, at every recall.
///
/// @param tiou_thresholds  K >= 1, each in (0, 1].
/// @param num_threads      classes in parallel; 0: one thread per core. No effect on the result.
/// @throws Error (kInvalidArgument) naming video and entry: a time or score is not finite, an end
///         comes before its start, a label is out of range, or there is no ground truth at all.
/// Source: ANETdetection of the ActivityNet challenge, as released with BaS-Net.
BASNET_RT_API Evaluation evaluate(const EvaluationInput& input,
                                  const std::vector<double>& tiou_thresholds, int num_threads);

}  // namespace basnet_rt
