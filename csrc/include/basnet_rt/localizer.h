#pragma once

#include <optional>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/model.h"
#include "basnet_rt/types.h"

// Component `torch`.

namespace basnet_rt {

/// Finds actions in whole videos.
///
/// Mode kContinuous uses every snippet. Mode kPublished uses `num_segments` of them, taken evenly
/// from the video as in the released code (all of them if the bundle names no number).
/// Several threads may use one at once.
class BASNET_RT_API Localizer {
 public:
  /// @param config  default: the bundle's own.
  /// @throws Error (kInvalidArgument): a setting is out of range or does not fit the classes.
  explicit Localizer(Model model, std::optional<PostprocessConfig> config = std::nullopt);

  /// Detections in one video, by falling score.
  ///
  /// @param features  (T, F) float32, finite, T >= 1, at the bundle's snippet rate.
  /// @param duration  of the video in seconds, for mode kContinuous; default T * snippet_seconds.
  /// @throws Error: as Model::forward and `postprocess`.
  Detections operator()(const FeatureView& features,
                        std::optional<double> duration = std::nullopt) const;

  const Model& model() const { return model_; }
  const PostprocessConfig& config() const { return config_; }

 private:
  Model model_;
  PostprocessConfig config_;
};

}  // namespace basnet_rt
