#include "basnet_rt/localizer.h"

#include <utility>
#include <vector>

#include "basnet_rt/postprocess.h"
#include "torch/model/model_impl.h"

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

Localizer::Localizer(Model model, std::optional<PostprocessConfig> config)
    : model_(std::move(model)),
      config_(config ? std::move(*config) : model_.metadata().postprocess) {
  check(config_, model_.metadata().num_classes());
}

Detections Localizer::operator()(const FeatureView& features,
                                 std::optional<double> duration) const {
  const BundleMetadata& metadata = model_.metadata();
  const std::int64_t wanted = metadata.num_segments.value_or(0);
  std::vector<float> sampled;
  FeatureView rows = features;
  double snippet_seconds = metadata.snippet_seconds();
  if (config_.mode == Mode::kPublished && wanted > 0 && features.num_snippets > 0 &&
      features.data != nullptr) {
    sampled = uniform_rows(features, wanted);
    rows = {sampled.data(), wanted, features.feature_dim};
    snippet_seconds = static_cast<double>(metadata.snippet_stride * features.num_snippets) /
                      (static_cast<double>(wanted) * metadata.fps);
  }
  // The core's float64 definition of scores, which streams share: both give the same bits.
  const bool own_scores = config_.mode == Mode::kContinuous && config_.gate == Gate::kVideo;
  Activations output = forward_video(model_.impl(), rows, !own_scores);
  if (own_scores) {
    output.video_scores = video_scores(output.raw_view(), config_);
  }
  VideoInput video;
  video.cas = output.view();
  video.video_scores = output.video_scores.data();
  if (config_.gate == Gate::kHorizon) video.raw_cas = output.raw_view();
  video.snippet_seconds = snippet_seconds;
  video.duration = duration;
  return postprocess(video, config_);
}

}  // namespace basnet_rt
