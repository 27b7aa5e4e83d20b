#include "basnet_rt/video_localizer.h"

#include <string>
#include <utility>

#include "basnet_rt/error.h"
#include "basnet_rt/postprocess.h"
#include "settings/validate.h"

namespace basnet_rt {
namespace {

/// (num_segments, F): the snippets that the released code takes from a whole video; a shorter one
/// repeats some. Source: `uniform_sampling` of the authors' thumos_features.py.
std::vector<float> uniform_rows(const FeatureView& features, std::int64_t num_segments) {
  std::vector<float> rows;
  rows.reserve(static_cast<std::size_t>(num_segments * features.feature_dim));
  for (std::int64_t i = 0; i < num_segments; ++i) {
    const float* row =
        features.data + i * features.num_snippets / num_segments * features.feature_dim;
    rows.insert(rows.end(), row, row + features.feature_dim);
  }
  return rows;
}

}  // namespace

Detections localize_video(const VideoNetwork& network, const BundleMetadata& metadata,
                          const PostprocessConfig& config, const FeatureView& features,
                          std::optional<double> duration) {
  const std::int64_t wanted = metadata.num_segments.value_or(0);
  std::vector<float> sampled;
  FeatureView rows = features;
  double snippet_seconds = metadata.snippet_seconds();
  if (config.mode == Mode::kPublished && wanted > 0 && features.num_snippets > 0 &&
      features.data != nullptr) {
    sampled = uniform_rows(features, wanted);
    rows = {sampled.data(), wanted, features.feature_dim};
    snippet_seconds = static_cast<double>(metadata.snippet_stride * features.num_snippets) /
                      (static_cast<double>(wanted) * metadata.fps);
  }
  // The core computes scores in float64, as streams do, so both give the same bits.
  const bool own_scores = config.mode == Mode::kContinuous && config.gate == Gate::kVideo;
  Activations output = network(rows, !own_scores);
  if (own_scores) output.video_scores = video_scores(output.raw_view(), config);
  VideoInput video;
  video.cas = output.view();
  video.video_scores = output.video_scores.data();
  if (config.gate == Gate::kHorizon) video.raw_cas = output.raw_view();
  video.snippet_seconds = snippet_seconds;
  video.duration = duration;
  return postprocess(video, config);
}

void check_features(const FeatureView& features, const BundleMetadata& metadata) {
  if (features.feature_dim != metadata.feature_dim) {
    throw Error(ErrorCode::kBundle, "features: this bundle expects features with " +
                                        std::to_string(metadata.feature_dim) + " channels (" +
                                        metadata.feature_extractor + ", " + metadata.modality +
                                        "), got " + std::to_string(features.feature_dim));
  }
  if (features.num_snippets < 0 || (features.num_snippets > 0 && features.data == nullptr)) {
    fail("features has " + std::to_string(features.num_snippets) + " snippets at " +
         (features.data == nullptr ? "no address" : "an address") + "; give (N, " +
         std::to_string(metadata.feature_dim) + ") values, N >= 0");
  }
}

void check_video(const FeatureView& features, const BundleMetadata& metadata) {
  check_features(features, metadata);
  if (features.num_snippets == 0) {
    fail("features has shape (0, " + std::to_string(features.feature_dim) + "); it must be (T, " +
         std::to_string(features.feature_dim) + ") with T >= 1");
  }
  const std::int64_t place = first_not_finite(features);
  if (place < 0) return;
  const std::string snippet = std::to_string(place / features.feature_dim);
  const std::string channel = std::to_string(place % features.feature_dim);
  fail("features[" + snippet + ", " + channel + "] is " + to_text(features.data[place]) +
       " (snippet " + snippet + ", channel " + channel + "); features must be finite");
}

}  // namespace basnet_rt
