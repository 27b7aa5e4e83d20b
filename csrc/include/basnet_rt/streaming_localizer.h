#pragma once

#include <optional>

#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/model.h"
#include "basnet_rt/network_localizer.h"

// Component `torch`.

namespace basnet_rt {

/// Localizes actions in a stream of features with a bundle's network; see NetworkLocalizer for its
/// members.
///
/// The activations agree with those of Localizer for the whole video to 1e-5. For the same
/// activations, the finals equal its detections bit for bit. `streaming_config` makes settings with
/// early finals.
class BASNET_RT_API StreamingLocalizer : public NetworkLocalizer {
 public:
  /// @param config  default: the bundle's own; mode kContinuous.
  /// @throws Error (kInvalidArgument): a setting is wrong or does not fit a stream.
  explicit StreamingLocalizer(Model model, std::optional<PostprocessConfig> config = std::nullopt,
                              const StreamingOptions& options = {});

  const Model& model() const { return model_; }

 private:
  Model model_;
};

}  // namespace basnet_rt
