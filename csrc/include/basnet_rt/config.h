#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "basnet_rt/export.h"

namespace basnet_rt {

enum class Mode { kPublished, kContinuous };
enum class NmsKind { kHard, kLinear, kGaussian };

/// The source of the range that normalisation maps to [0, 1].
enum class Normalisation {
  kVideo,    ///< min-max of this video, as published
  kFixed,    ///< lo and hi of each class, known before the video
  kHorizon,  ///< min-max of the `horizon` seconds that end with the snippet
};

/// The rule for the classes that may emit, and for the video score in a detection's score.
enum class Gate {
  kVideo,    ///< video score >= class_threshold, as published
  kNone,     ///< every class; no video-score term
  kHorizon,  ///< scores of the `horizon` seconds that end with a root's last snippet
};

/// The function from top-k temporal means of the raw CAS to video scores.
enum class ScoreFunction {
  kSoftmax,  ///< over C+1, as published
  kSigmoid,  ///< of each class alone
};

inline constexpr double kUnlimited = std::numeric_limits<double>::infinity();

/// Settings from CAS to detections. The defaults are those of mode kContinuous; those of mode
/// kPublished are `PostprocessConfig::published()`.
///
/// Every duration is in seconds. `check` enforces the allowed values of each field.
struct PostprocessConfig {
  Mode mode = Mode::kContinuous;
  double class_threshold = 0.25;
  std::vector<double> cas_thresholds = {0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5,
                                        0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95};
  std::int64_t upsample = 24;  ///< samples per snippet; published mode only
  double outer_ratio = 0.25;   ///< flank length as a share of the proposal's
  double score_weight = 0.2;   ///< weight of the video score in a proposal's score
  double nms_iou = 0.7;        ///< IoU from which hard NMS drops and linear soft-NMS decays
  NmsKind nms = NmsKind::kGaussian;
  double soft_sigma = 0.5;        ///< gaussian soft-NMS: score *= exp(-iou^2 / soft_sigma)
  double soft_min_score = 0.001;  ///< soft-NMS drops proposals whose score falls below this
  Normalisation normalisation = Normalisation::kVideo;
  std::vector<double> fixed_lo = {0.0};  ///< one for all classes, or one per class
  std::vector<double> fixed_hi = {1.0};
  Gate gate = Gate::kVideo;
  double horizon = kUnlimited;
  double min_duration = 0.0;
  double merge_gap = 0.0;
  double max_duration = kUnlimited;
  double max_lookahead = kUnlimited;
  ScoreFunction score_function = ScoreFunction::kSoftmax;
  std::int64_t topk_divisor = 8;  ///< a video score is a mean over the best max(1, T // this)
  bool keep_top1 = false;         ///< if no class passes the gate, keep the best class

  /// The released THUMOS'14 settings in mode published.
  static BASNET_RT_API PostprocessConfig published();
};

/// The settings that a mode begins with.
BASNET_RT_API PostprocessConfig defaults_of(Mode mode);

/// Checks every field that can be checked without a video.
///
/// @throws Error (kInvalidArgument) naming the field, its value and the allowed values.
BASNET_RT_API void check(const PostprocessConfig& config);

/// Also checks that the settings fit a model of `num_classes` classes.
///
/// @throws Error (kInvalidArgument): also if num_classes < 1, or if fixed_lo or fixed_hi has
///         neither one value nor one per class.
BASNET_RT_API void check(const PostprocessConfig& config, std::int64_t num_classes);

}  // namespace basnet_rt
