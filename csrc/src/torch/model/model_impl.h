#pragma once

// Shared by all copies of a Model: the TorchScript module and the metadata of its bundle.

#include <ATen/core/Tensor.h>

#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "basnet_rt/model.h"
#include "torch/bundle/script_module.h"

namespace basnet_rt {

/// Snippets to each side in the receptive field of a bundle's network.
inline constexpr std::int64_t kReach = 2;

class Model::Impl {
 public:
  BundleMetadata metadata;
  std::string name;
  std::string dtype;
  std::string device_name;
  at::Device device;
  std::unique_ptr<const Script> script;
  std::int64_t weights;      // digest in saved states
  std::int64_t weights_0_1;  // digest in states of version 0.1

  // These throw Error (kBundle) if libtorch fails.
  States initial_state(std::int64_t batch) const;
  /// @param rows  (B, N, F) float32, on the device.
  StepOutput step(const at::Tensor& rows, const States& state) const;
  StepOutput flush(const States& state) const;

  /// A view of the caller's rows, (N, F), copied to the device if that is not the CPU.
  at::Tensor rows(const FeatureView& features) const;
};

/// Model::forward.
///
/// @param with_scores  false if the caller does not need the video scores; they may then be absent.
Activations forward_video(const Model::Impl& model, const FeatureView& features, bool with_scores);

/// The first line of libtorch's message.
std::string reason(const std::exception& error);

/// Values of a contiguous float32 tensor on the CPU.
std::vector<float> to_vector(const at::Tensor& values);

}  // namespace basnet_rt
