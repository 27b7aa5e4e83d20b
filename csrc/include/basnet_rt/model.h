#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "basnet_rt/bundle.h"
#include "basnet_rt/export.h"
#include "basnet_rt/types.h"
#include "basnet_rt/video_localizer.h"

// Component `torch`. No type of libtorch is named here, so users compile without its headers.

namespace basnet_rt {

/// Options for running a bundle's network.
struct ModelOptions {
  std::string device = "cpu";        ///< for libtorch, such as "cpu" or "cuda:0"
  std::optional<std::string> dtype;  ///< of weights: "float32", "bfloat16"; default: as stored
  /// Also load a file with code that `basnet-train export` did not write. libtorch runs this code,
  /// and it can do anything that your program can do: use this only if you trust the file's author.
  bool trust_code = false;
};

/// A network from a bundle. Copies share it; several threads may use one at once.
class BASNET_RT_API Model {
 public:
  /// Loads a TorchScript bundle, which `basnet-train export` writes. libtorch runs its code, so a
  /// file with other code is refused (see `ModelOptions::trust_code`).
  ///
  /// @throws Error (kBundle): the file is absent, truncated, damaged, not TorchScript, not a bundle
  ///         or of another format version, or has foreign code; (kInvalidArgument): the device
  ///         cannot be used, or the dtype is unknown.
  static Model load(const std::string& path, const ModelOptions& options = {});

  const BundleMetadata& metadata() const;
  const std::string& name() const;    ///< the file name, without folders
  const std::string& device() const;  ///< as libtorch writes it, such as "cuda:0"
  const std::string& dtype() const;   ///< dtype of the weights in use

  /// Activations of one video. Python computes the same, bit for bit, with the same libtorch and
  /// number of threads.
  ///
  /// @param features  (T, F) float32, finite, T >= 1.
  /// @throws Error (kBundle): F is not the model's, or the network fails or contradicts its
  ///         metadata; (kInvalidArgument): no snippets, or NaN or Inf (names snippet and channel).
  Activations forward(const FeatureView& features) const;

  /// Shared by the classes of this component; its definition is private.
  class Impl;
  const Impl& impl() const { return *impl_; }

 private:
  explicit Model(std::shared_ptr<const Impl> impl);
  std::shared_ptr<const Impl> impl_;
};

/// Sets the threads that libtorch may use within one call, for the whole process; >= 1. If each
/// stream is fed from a thread of its own, 1 is fastest.
///
/// @throws Error (kInvalidArgument)
BASNET_RT_API void set_num_threads(int num_threads);

}  // namespace basnet_rt
