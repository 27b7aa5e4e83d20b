#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"

// Whole videos with any network; network_localizer.h does the same for streams. Components `engine`
// and `torch` each have a network.

namespace basnet_rt {

/// A network's output for one video; row-major float32, owned.
struct Activations {
  std::int64_t num_snippets = 0;    ///< T
  std::int64_t num_classes = 0;     ///< C
  std::vector<float> activations;   ///< (T, C), of the kind chosen at export
  std::vector<float> video_scores;  ///< (C,) in [0, 1]
  std::vector<float> foreground;    ///< (T,) in (0, 1)
  std::vector<float> cas;           ///< (T, C+1) raw, background last

  CasView view() const { return {activations.data(), num_snippets, num_classes, num_classes}; }
  CasView raw_view() const { return {cas.data(), num_snippets, num_classes + 1, num_classes + 1}; }
};

/// @param with_scores  false if the video scores are not used; they may then be absent.
using VideoNetwork = std::function<Activations(const FeatureView& features, bool with_scores)>;

/// Detections of one video, by falling score.
///
/// Mode kContinuous uses every snippet. Mode kPublished uses `num_segments` of them, taken evenly
/// from the video as in the released code (all of them if the bundle names no number).
///
/// @param features  (T, F); the network checks them.
/// @param duration  in seconds, for mode kContinuous; default T * snippet_seconds.
/// @throws Error: as the network and `postprocess`.
BASNET_RT_API Detections localize_video(const VideoNetwork& network, const BundleMetadata& metadata,
                                        const PostprocessConfig& config,
                                        const FeatureView& features,
                                        std::optional<double> duration);

/// Checks that the features fit this bundle.
///
/// @throws Error (kBundle): F is not the bundle's; (kInvalidArgument): no snippets, or NaN or Inf
///         (names snippet and channel).
BASNET_RT_API void check_video(const FeatureView& features, const BundleMetadata& metadata);

/// The same without checking the values; T may be 0.
BASNET_RT_API void check_features(const FeatureView& features, const BundleMetadata& metadata);

}  // namespace basnet_rt
