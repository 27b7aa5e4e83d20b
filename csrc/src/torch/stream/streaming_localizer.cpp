#include "basnet_rt/streaming_localizer.h"

#include <utility>

#include "torch/stream/network_stream.h"

namespace basnet_rt {
namespace {

NetworkLocalizer over(const Model& model, const std::optional<PostprocessConfig>& config,
                      const StreamingOptions& options) {
  const BundleMetadata& about = model.metadata();
  const PostprocessConfig& used = config ? *config : about.postprocess;
  return NetworkLocalizer(stream_network(model, used.gate != Gate::kNone),
                          {about.classes, about.feature_dim, about.snippet_seconds(),
                           about.feature_extractor + ", " + about.modality},
                          used, options);
}

}  // namespace

StreamingLocalizer::StreamingLocalizer(Model model, std::optional<PostprocessConfig> config,
                                       const StreamingOptions& options)
    : NetworkLocalizer(over(model, config, options)), model_(std::move(model)) {}

}  // namespace basnet_rt
