#include "basnet_rt/localizer.h"

#include <utility>

#include "basnet_rt/postprocess.h"
#include "torch/model/model_impl.h"

namespace basnet_rt {

Localizer::Localizer(Model model, std::optional<PostprocessConfig> config)
    : model_(std::move(model)),
      config_(config ? std::move(*config) : model_.metadata().postprocess) {
  check(config_, model_.metadata().num_classes());
}

Detections Localizer::operator()(const FeatureView& features,
                                 std::optional<double> duration) const {
  const auto network = [&](const FeatureView& rows, bool with_scores) {
    return forward_video(model_.impl(), rows, with_scores);
  };
  return localize_video(network, model_.metadata(), config_, features, duration);
}

}  // namespace basnet_rt
