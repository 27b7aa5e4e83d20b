#pragma once

// A batch in kernels: plain structs, copied to the device unchanged.
//
//   cas (all rows, row_stride)                rows of the batch's videos, one behind the other
//                 class 0   1   2
//   video 0  t=0      x     x   x             first_row = 0, num_snippets = 3
//            t=1      x     x   x
//            t=2      x     x   x             A "row" in what follows is one class of one video:
//   video 1  t=0      x     x   x             a column of this picture. There are N * C of them,
//            t=1      x     x   x             row index = video * C + class.
//
//   roots  [ row 0: max_roots places | row 1 | ... ]     root_counts[row] of them are used
//   found  [ video 0: max_detections places | ... ]      found_counts[video] of them are used

#include <cstdint>

#include "basnet_rt/config.h"
#include "basnet_rt/types.h"
#include "cuda/device/memory.h"
#include "formulas/formulas.h"
#include "formulas/gate.h"
#include "formulas/intervals.h"
#include "formulas/normalisation.h"
#include "formulas/order.h"
#include "formulas/position.h"
#include "formulas/root_window.h"
#include "formulas/video_section.h"

namespace basnet_rt::cuda {

/// One video of a batch.
struct VideoPlan {
  std::int64_t first_row = 0;     ///< of its snippets in the batch's arrays
  std::int64_t num_snippets = 0;  ///< T
  std::int64_t used = 0;          ///< snippets that are used
  Section section;
  RootLimits limits;
  std::int64_t horizon = 1;       ///< snippets
  std::int64_t first_root = 0;    ///< where the roots of its first class are kept
  std::int64_t max_roots = 0;     ///< per class
  std::int64_t first_window = 0;  ///< where the sliding window of its first class is kept
};

/// Settings of the whole batch; arrays lie on the device.
struct BatchSettings {
  Mode mode = Mode::kContinuous;
  Normalisation normalisation = Normalisation::kVideo;
  Gate gate = Gate::kVideo;
  ScoreFunction score_function = ScoreFunction::kSoftmax;
  NmsKind nms = NmsKind::kHard;
  bool keep_top1 = false;
  std::int64_t num_videos = 0;
  std::int64_t num_classes = 0;  ///< C
  std::int64_t num_thresholds = 0;
  std::int64_t upsample = 1;
  std::int64_t topk_divisor = 8;
  std::int64_t max_detections = 0;  ///< per video
  double class_threshold = 0.0;
  double score_weight = 0.0;
  double nms_iou = 1.0;
  double soft_sigma = 1.0;
  double soft_min_score = 0.0;
  const VideoPlan* videos = nullptr;        ///< (N,)
  const double* thresholds = nullptr;       ///< (num_thresholds,)
  const formulas::Range* ranges = nullptr;  ///< (C,), normalisation kFixed

  BASNET_RT_HOST_DEVICE std::int64_t num_rows() const { return num_videos * num_classes; }
  BASNET_RT_HOST_DEVICE formulas::GateRule gate_rule() const {
    return {class_threshold, keep_top1};
  }
};

/// The caller's arrays; on the device.
struct BatchInput {
  const float* cas = nullptr;           ///< (sum of rows, row_stride)
  std::int64_t row_stride = 0;          ///< floats between two snippets; >= C
  const float* video_scores = nullptr;  ///< (N, C)
  const float* raw_cas = nullptr;       ///< (sum of rows, C+1), gate kHorizon
};

/// A detection before the last sort.
struct Found {
  double score = 0.0;
  Segment segment;
  std::int32_t label = 0;
  std::int32_t threshold_index = 0;

  BASNET_RT_HOST_DEVICE formulas::Rank rank() const {
    return {score, segment, label, threshold_index};
  }
};

/// The first fault, if any; read by the host at the end.
struct Outcome {
  std::int64_t bad_value = 0;   ///< least code of a value that is not allowed; kFine: none
  std::int64_t pool_used = 0;   ///< bytes requested from the pool; if too many: results invalid
  std::int64_t most_found = 0;  ///< most detections of a video; if they do not fit: results invalid
};

inline constexpr std::int64_t kFine = INT64_MAX;

/// Everything between input and results, in the caller's scratch memory.
struct BatchWork {
  Outcome* outcome = nullptr;
  float* least = nullptr;                ///< (N, C) smallest activation
  float* largest = nullptr;              ///< (N, C)
  double* y = nullptr;                   ///< (sum of rows, C) normalised
  std::int32_t* window = nullptr;        ///< sliding windows, normalisation kHorizon
  Interval* roots = nullptr;             ///< by row, max_roots each
  std::int64_t* root_counts = nullptr;   ///< (N * C + 1,), the last is 0
  std::int64_t* root_begins = nullptr;   ///< (N * C + 1,) running sum of root_counts
  std::int64_t* found_counts = nullptr;  ///< (N + 1,), the last is 0
  std::int64_t* found_begins = nullptr;  ///< (N + 1,)
  Found* found = nullptr;                ///< (N, max_detections)
  Pool pool;
};

/// One video's class.
struct Row {
  std::int64_t video = 0;
  std::int64_t label = 0;
};

BASNET_RT_HOST_DEVICE inline Row row_at(std::int64_t index, const BatchSettings& settings) {
  return {index / settings.num_classes, index % settings.num_classes};
}

}  // namespace basnet_rt::cuda
