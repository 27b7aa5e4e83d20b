#pragma once

// Runs a bundle's module on one video; a long video is computed in pieces.

#include "torch/model/model_impl.h"

namespace basnet_rt {

/// float32, on the model's device.
struct VideoOutputs {
  at::Tensor activations;  // T, C
  at::Tensor scores;       // C
  at::Tensor foreground;   // T
  at::Tensor cas;          // T, C+1
};

/// @param rows  (T, F) float32, on the model's device, T >= 1.
/// @param with_scores  false: a long video's scores are left undefined.
/// @throws Error (kBundle): the module contradicts its metadata. Also exceptions of libtorch.
VideoOutputs run_video(const Model::Impl& model, const at::Tensor& rows, bool with_scores);

}  // namespace basnet_rt
