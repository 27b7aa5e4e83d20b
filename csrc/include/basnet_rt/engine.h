#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/config.h"
#include "basnet_rt/export.h"
#include "basnet_rt/network_localizer.h"
#include "basnet_rt/stream_pool.h"
#include "basnet_rt/types.h"
#include "basnet_rt/video_localizer.h"

// Component `engine`: from features to detections with the standard library alone. It has the same
// names as component `torch` (model.h, localizer.h, streaming_localizer.h, model_pool.h), in the
// namespace `engine`.

namespace basnet_rt::engine {

/// Options for running a bundle's network.
struct ModelOptions {
  std::optional<std::string> dtype;  ///< "float32", "bfloat16" or "int8"; default: as stored
  int num_threads = 0;               ///< threads that one call may use; 0: one per core
  /// False: whole videos in float32 take about half the time. Their results then equal those of
  /// streams up to rounding, not bit for bit.
  bool exact = true;
};

/// A network from a bundle, TorchScript or safetensors. No code in the file is executed.
///
/// The activations of a snippet depend only on the snippets in its receptive field: not on chunks,
/// batches, threads or (in float32 and int8) the kernel. Models of one file and dtype share one
/// copy of the weights. Copies share everything; several threads may use one model at once.
class BASNET_RT_API Model {
 public:
  /// @throws Error (kBundle): the file is absent, truncated, damaged, not a bundle or of another
  ///         format version, or its weights do not belong to a basnet_rt network;
  ///         (kInvalidArgument): an unknown dtype, or int8 weights cannot be converted to it;
  ///         (kUnavailable): BASNET_RT_FORCE_KERNEL names a kernel that cannot run here.
  static Model load(const std::string& path, const ModelOptions& options = {});

  const BundleMetadata& metadata() const;
  const std::string& name() const;    ///< the file name, without folders
  const std::string& dtype() const;   ///< dtype of the weights in use
  const std::string& kernel() const;  ///< the kernel in use, such as "avx512_vnni"
  int num_threads() const;            ///< threads that one call may use

  /// Activations of one video.
  ///
  /// @param features  (T, F) float32, finite, T >= 1.
  /// @throws Error as `check_video`.
  Activations forward(const FeatureView& features) const;

  class Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Model(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

/// Finds actions in whole videos. Several threads may use one at once.
class BASNET_RT_API Localizer {
 public:
  /// @param config  default: the bundle's own.
  /// @throws Error (kInvalidArgument): a setting is out of range or does not fit the classes.
  explicit Localizer(Model model, std::optional<PostprocessConfig> config = std::nullopt);

  /// As `localize_video`.
  Detections operator()(const FeatureView& features,
                        std::optional<double> duration = std::nullopt) const;

  const Model& model() const { return model_; }
  const PostprocessConfig& config() const { return config_; }

 private:
  Model model_;
  PostprocessConfig config_;
};

/// Localizes actions in a stream of features; see NetworkLocalizer for its members.
///
/// For the same features, the finals equal the detections of Localizer in the whole video, bit for
/// bit.
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

/// The network of one stream, for NetworkLocalizer.
///
/// @param with_cas  whether to return the raw CAS too; gates kVideo and kHorizon need it.
BASNET_RT_API std::shared_ptr<StreamNetwork> stream_network(const Model& model,
                                                            bool with_cas = true);

/// The network of many streams, for StreamPool: one batch computes the next snippets of all
/// streams.
BASNET_RT_API std::shared_ptr<PoolNetwork> pool_network(const Model& model, bool with_cas = true);

/// A pool of streams of `model`.
///
/// @param config  default: the bundle's own; mode kContinuous.
/// @throws Error (kInvalidArgument): a setting is wrong or does not fit a stream.
BASNET_RT_API std::unique_ptr<StreamPool> make_pool(
    const Model& model, const std::optional<PostprocessConfig>& config = std::nullopt,
    const PoolOptions& options = {});

/// One way to run the network: its code for one instruction set.
struct KernelInfo {
  std::string name;
  bool available = false;
  std::string reason;  ///< why it is not available; else empty
};

/// Every kernel of this build, the most capable last. BASNET_RT_FORCE_KERNEL selects one by name.
BASNET_RT_API std::vector<KernelInfo> kernel_infos();

}  // namespace basnet_rt::engine
