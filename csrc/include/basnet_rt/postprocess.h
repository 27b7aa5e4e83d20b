#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

namespace basnet_rt {

/// The input of `postprocess` for one video; nothing is owned.
struct VideoInput {
  CasView cas;  ///< (T, C) action columns, T >= 1, C >= 1
  /// (C,) in [0, 1]; may be null unless the gate is kVideo or the mode kPublished.
  const float* video_scores = nullptr;
  /// (T, C+1) before activation, background last; needed for gate kHorizon only.
  CasView raw_cas;
  double snippet_seconds = 0.0;    ///< distance between snippet starts; > 0
  std::optional<double> duration;  ///< seconds; default T * snippet_seconds; continuous mode only
};

/// Scored intervals of every threshold, before NMS.
///
/// @throws Error (kInvalidArgument) naming the argument, its value and the allowed values.
BASNET_RT_API Proposals propose(const VideoInput& video, const PostprocessConfig& config);

/// `propose`, then NMS per class.
BASNET_RT_API Detections postprocess(const VideoInput& video, const PostprocessConfig& config);

/// `postprocess` of every video, on up to `num_threads` threads (0: one per core).
///
/// The result does not depend on the number of threads. An error names its video as `videos[i]`.
BASNET_RT_API std::vector<Detections> postprocess_batch(const std::vector<VideoInput>& videos,
                                                        const PostprocessConfig& config,
                                                        int num_threads);

/// Video scores of a whole video: `config.score_function` of the top-k temporal mean of its raw
/// CAS, background dropped; k = max(1, T // topk_divisor). Whole videos and streams share this
/// definition.
///
/// @param raw_cas  (T, C+1) before activation, background last; T >= 1.
/// @return (C,), each in [0, 1].
/// Source: Lee, Uh and Byun, AAAI 2020, equation 2.
BASNET_RT_API std::vector<float> video_scores(const CasView& raw_cas,
                                              const PostprocessConfig& config);

}  // namespace basnet_rt
